namespace Distributed.Kernels.Spans;

/// <summary>
/// The fixed grid that cuts a sequence into spans of <see cref="SpanRows"/> rows, the last one shorter. Everything that
/// decides the bits of a result (the order of folding, the sub-tiles inside a span) hangs on this grid alone, never on
/// how many blocks, threads or machines there are.
/// </summary>
public readonly record struct SpanGrid
{
    /// <summary>Rows in a span.</summary>
    public const int SpanRows = 1024;

    /// <summary>The grid over <paramref name="rows"/> rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is negative, or takes more than
    /// <see cref="int.MaxValue"/> spans.</exception>
    public SpanGrid(long rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, (long)int.MaxValue * SpanRows);
        Rows = rows;
    }

    /// <summary>Rows in the sequence.</summary>
    public long Rows { get; }

    /// <summary>Spans in the sequence; 0 when it is empty.</summary>
    public int Count => (int)((Rows + SpanRows - 1) / SpanRows);

    /// <summary>The rows of span <paramref name="index"/>.</summary>
    public RowRange this[int index] =>
        new((long)index * SpanRows, (int)Math.Min(SpanRows, Rows - (long)index * SpanRows));
}

/// <summary>Rows <c>Start</c> to <c>Start + Count</c> of a sequence.</summary>
public readonly record struct RowRange(long Start, int Count)
{
    /// <summary>The row behind the last one.</summary>
    public long End => Start + Count;
}
