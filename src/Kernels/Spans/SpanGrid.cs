namespace Distributed.Kernels.Spans;

/// <summary>
/// The fixed grid that cuts a sequence into spans of <see cref="SpanRows"/> rows, the last one shorter. Everything that
/// decides the bits of a result (the order of folding, the sub-tiles inside a span) hangs on this grid alone, never on
/// how many blocks, threads or machines there are.
/// </summary>
public readonly record struct SpanGrid
{
    /// <summary>Rows in a span, and the most that a kernel takes at once. Jobs use it; tests also use shorter spans.</summary>
    public const int MaxSpanRows = 1024;

    /// <summary>The grid over <paramref name="rows"/> rows.</summary>
    /// <param name="rows">Rows in the sequence.</param>
    /// <param name="spanRows">Rows in a span, 1 to <see cref="MaxSpanRows"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is negative or takes more than
    /// <see cref="int.MaxValue"/> spans, or <paramref name="spanRows"/> is out of its range.</exception>
    public SpanGrid(long rows, int spanRows = MaxSpanRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(spanRows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(spanRows, MaxSpanRows);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, (long)int.MaxValue * spanRows);
        Rows = rows;
        SpanRows = spanRows;
    }

    /// <summary>Rows in the sequence.</summary>
    public long Rows { get; }

    /// <summary>Rows in every span but the last.</summary>
    public int SpanRows { get; }

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
