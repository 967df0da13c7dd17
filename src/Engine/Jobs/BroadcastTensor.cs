using Distributed.Engine.Files;

namespace Distributed.Engine.Jobs;

/// <summary>
/// A tensor that is broadcast to <c>[B, Hq, Sq, Skv]</c>, where it lies in memory. Its axes count from the last one, as
/// in ONNX: missing ones and those of extent 1 are the same for every index. The axis of the keys is not broadcast: where
/// it is shorter than the keys, the rest is masked. The memory is the caller's and must outlive the job.
/// </summary>
public sealed record BroadcastTensor
{
    private BroadcastTensor(
        nint start, FileElementType type, long batchStride, long headStride, long rowStride, long keys)
    {
        Start = start;
        Type = type;
        BatchStride = batchStride;
        HeadStride = headStride;
        RowStride = rowStride;
        Keys = keys;
    }

    /// <summary>Address of the first element.</summary>
    public nint Start { get; }

    /// <summary>Element type.</summary>
    public FileElementType Type { get; }

    /// <summary>Bytes from one batch entry to the next; 0 = the same for all.</summary>
    public long BatchStride { get; }

    /// <summary>Bytes from one query head to the next; 0 = the same for all.</summary>
    public long HeadStride { get; }

    /// <summary>Bytes from one query row to the next; 0 = the same for all.</summary>
    public long RowStride { get; }

    /// <summary>Keys it covers, from key 0 on; the keys behind them are masked.</summary>
    public long Keys { get; }

    /// <summary>Managed memory that the tensor lies in, if it does.</summary>
    internal byte[]? Memory { get; private init; }

    /// <summary>Takes a single number, which is that of every pair of a query and a key.</summary>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="element">Its bytes.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">The job's sizes.</param>
    public static BroadcastTensor OfOne(string name, ReadOnlySpan<byte> element, FileElementType type, in AttentionShape shape)
    {
        byte[] row = GC.AllocateUninitializedArray<byte>(checked((int)(shape.KeyRows * element.Length)), pinned: true);
        for (int at = 0; at < row.Length; at += element.Length)
            element.CopyTo(row.AsSpan(at));
        nint start = row.Length == 0 ? 0 : System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(row, 0);
        return Of(name, start, type, [shape.KeyRows], shape) with { Memory = row };
    }

    /// <summary>Takes a row-major tensor.</summary>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="start">Address of its first element.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="extents">One to four extents, outermost first.</param>
    /// <param name="shape">The job's sizes.</param>
    /// <exception cref="InputException">It cannot be broadcast to the job's sizes.</exception>
    public static BroadcastTensor Of(
        string name, nint start, FileElementType type, IReadOnlyList<long> extents, in AttentionShape shape)
    {
        ArgumentNullException.ThrowIfNull(extents);
        long[] target = [shape.Batch, shape.QueryHeads, shape.QueryRows, shape.KeyRows];
        string wanted = $"[B, Hq, Sq, Skv] = {TensorShape.Text(target)}";
        if (extents.Count is < 1 or > 4)
            throw new InputException($"Tensor '{name}' has shape {TensorShape.Text([.. extents])}; up to four axes, broadcastable to {wanted}, are expected.");
        long[] full = [.. Enumerable.Repeat(1L, 4 - extents.Count), .. extents];
        var strides = new long[4];
        long stride = type.SizeInBits() / 8;
        for (int axis = 3; axis >= 0; axis--)
        {
            bool fits = axis == 3 ? full[axis] <= target[axis] : full[axis] == target[axis] || full[axis] == 1;
            if (!fits)
            {
                throw new InputException(
                    $"Tensor '{name}' has shape {TensorShape.Text([.. extents])}, which cannot be broadcast to {wanted} (the last axis may be shorter than the keys).");
            }
            strides[axis] = full[axis] == 1 ? 0 : stride;
            stride *= full[axis];
        }
        return new BroadcastTensor(start, type, strides[0], strides[1], strides[2], full[3]);
    }
}
