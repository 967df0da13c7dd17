using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Jobs;

/// <summary>
/// Keys or values of a job where they lie: the rows of one tensor, or past rows of one and new rows of another behind them.
/// Only where a span begins in the one and ends in the other, its rows are copied side by side: some of each head, however
/// long the past is.
/// </summary>
public sealed class KeyRows : IDisposable
{
    /// <summary>Rows on each side of the seam that a span across it can have.</summary>
    private const int Reach = SpanGrid.MaxSpanRows - 1;

    private readonly HeadTensor? _past;
    private readonly HeadTensor _added;
    private readonly NativeBuffer? _seam;

    /// <summary>The rows of one tensor.</summary>
    public KeyRows(HeadTensor rows) => _added = rows;

    private KeyRows(HeadTensor past, HeadTensor added)
    {
        (_past, _added) = (past, added);
        if (past.Rows == 0 || added.Rows == 0)
            return;
        _seam = new NativeBuffer((nuint)added.Batch * (nuint)added.Heads * (nuint)(SeamRows * RowBytes));
        for (int head = 0; head < added.Batch * added.Heads; head++)
            CopySeam(head / added.Heads, head % added.Heads);
    }

    /// <summary>Element type in memory.</summary>
    public ElementType Type => _added.Type;

    /// <summary>Batch entries.</summary>
    public int Batch => _added.Batch;

    /// <summary>Heads.</summary>
    public int Heads => _added.Heads;

    /// <summary>Rows of a head, past ones included.</summary>
    public long Rows => PastRows + _added.Rows;

    /// <summary>Past rows of a head.</summary>
    public long PastRows => _past?.Rows ?? 0;

    /// <summary>Elements of a row.</summary>
    public int Dim => _added.Dim;

    /// <summary>The rows of one tensor.</summary>
    public static implicit operator KeyRows(HeadTensor rows) => new(rows);

    /// <summary>Past rows, and new ones behind them.</summary>
    /// <param name="pastName">Name of the past tensor, for errors.</param>
    /// <param name="past">Past rows.</param>
    /// <param name="name">Name of the new tensor, for errors.</param>
    /// <param name="added">New rows.</param>
    /// <exception cref="InputException">The two do not fit one another.</exception>
    public static KeyRows Join(string pastName, HeadTensor past, string name, HeadTensor added)
    {
        if (past.Type != added.Type)
            throw new InputException($"Tensor '{pastName}' has elements of type {past.Type} but {name} of {added.Type}; they must be equal.");
        if (past.Batch != added.Batch || past.Heads != added.Heads || past.Dim != added.Dim)
        {
            throw new InputException(
                $"Tensor '{pastName}' has {past.Batch} batch entries, {past.Heads} heads and head size {past.Dim}, but {name} has {added.Batch}, {added.Heads} and {added.Dim}; they must be equal.");
        }
        return new KeyRows(past, added);
    }

    /// <summary>Some rows of one head; where they lie across the seam, at most a span of them.</summary>
    public TensorRows Slice(int batch, int head, RowRange rows)
    {
        if (_past is not { } past || rows.Start >= past.Rows)
            return _added.Slice(batch, head, rows with { Start = rows.Start - PastRows });
        if (rows.End <= past.Rows)
            return past.Slice(batch, head, rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Count, SpanGrid.MaxSpanRows);
        return Seam(batch, head).Slice((int)(rows.Start - SeamStart), rows.Count);
    }

    /// <inheritdoc/>
    public void Dispose() => _seam?.Dispose();

    private long SeamStart => Math.Max(0, PastRows - Reach);

    private int SeamRows => (int)(PastRows - SeamStart + Math.Min(Reach, _added.Rows));

    private int RowBytes => Dim * Type.SizeInBytes();

    private unsafe TensorRows Seam(int batch, int head) => new(
        (nint)(_seam!.Pointer + ((nint)batch * Heads + head) * SeamRows * RowBytes), Type, RowBytes, SeamRows, Dim);

    private unsafe void CopySeam(int batch, int head)
    {
        TensorRows to = Seam(batch, head);
        for (int row = 0; row < to.Count; row++)
        {
            TensorRows from = Slice(batch, head, new RowRange(SeamStart + row, 1));
            new ReadOnlySpan<byte>(from.Row(0), RowBytes).CopyTo(new Span<byte>(to.Row(row), RowBytes));
        }
    }
}
