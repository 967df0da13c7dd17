using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Jobs;

/// <summary>
/// A tensor of <c>[batch, heads, rows, dim]</c> where it lies in memory, whatever the order of its axes but the last.
/// The memory is the caller's and must outlive the job.
/// </summary>
/// <param name="Start">Address of the first element.</param>
/// <param name="Type">Element type in memory.</param>
/// <param name="Batch">Batch entries.</param>
/// <param name="Heads">Heads.</param>
/// <param name="Rows">Rows of a head.</param>
/// <param name="Dim">Elements of a row, one behind the other.</param>
/// <param name="BatchStride">Bytes from one batch entry to the next.</param>
/// <param name="HeadStride">Bytes from one head to the next.</param>
/// <param name="RowStride">Bytes from one row of a head to the next.</param>
public readonly record struct HeadTensor(
    nint Start, ElementType Type, int Batch, int Heads, long Rows, int Dim, long BatchStride, long HeadStride,
    long RowStride)
{
    /// <summary>A tensor whose elements lie one behind the other in the order that <paramref name="layout"/> says.</summary>
    public static HeadTensor Dense(
        nint start, ElementType type, HeadLayout layout, int batch, int heads, long rows, int dim)
    {
        long row = (long)dim * type.SizeInBytes();
        return layout == HeadLayout.Bhsd
            ? new HeadTensor(start, type, batch, heads, rows, dim, heads * rows * row, rows * row, row)
            : new HeadTensor(start, type, batch, heads, rows, dim, rows * heads * row, row, heads * row);
    }

    /// <summary>Some rows of one head.</summary>
    public TensorRows Slice(int batch, int head, RowRange rows) => new(
        checked((nint)(Start + batch * BatchStride + head * HeadStride + rows.Start * RowStride)), Type,
        checked((nint)RowStride), rows.Count, Dim);
}

/// <summary>The order of a tensor's axes in a file.</summary>
public enum HeadLayout
{
    /// <summary><c>[batch, heads, rows, dim]</c>.</summary>
    Bhsd,

    /// <summary><c>[batch, rows, heads, dim]</c>.</summary>
    Bshd,

    /// <summary><c>[batch, rows, heads · dim]</c>: as <see cref="Bshd"/>, with the two last axes in one.</summary>
    Bsd,
}
