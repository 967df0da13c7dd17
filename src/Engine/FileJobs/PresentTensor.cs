using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.FileJobs;

/// <summary>
/// Past and new keys (or values) one behind the other in memory: what the queries attend to, and what a next job takes as
/// its past. It takes the memory of all of them.
/// </summary>
internal sealed unsafe class PresentTensor : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly HeadLayout _layout;

    private PresentTensor(NativeBuffer memory, HeadLayout layout, HeadTensor tensor)
    {
        _memory = memory;
        _layout = layout;
        Tensor = tensor;
    }

    /// <summary>The tensor: past rows, then new ones.</summary>
    public HeadTensor Tensor { get; }

    /// <summary>Joins the rows.</summary>
    /// <param name="pastName">Name of the past tensor, for errors.</param>
    /// <param name="past">Past rows.</param>
    /// <param name="name">Name of the new tensor, for errors.</param>
    /// <param name="added">New rows.</param>
    /// <param name="layout">The order of the axes of the joint tensor.</param>
    /// <exception cref="InputException">The two do not fit one another.</exception>
    public static PresentTensor Join(string pastName, HeadTensor past, string name, HeadTensor added, HeadLayout layout)
    {
        if (past.Type != added.Type)
            throw new InputException($"Tensor '{pastName}' has elements of type {past.Type} but {name} of {added.Type}; they must be equal.");
        if (past.Batch != added.Batch || past.Heads != added.Heads || past.Dim != added.Dim)
        {
            throw new InputException(
                $"Tensor '{pastName}' has {past.Batch} batch entries, {past.Heads} heads and head size {past.Dim}, but {name} has {added.Batch}, {added.Heads} and {added.Dim}; they must be equal.");
        }
        long rows = past.Rows + added.Rows, rowBytes = (long)added.Dim * added.Type.SizeInBytes();
        var memory = new NativeBuffer((nuint)(added.Batch * added.Heads * rows * rowBytes));
        HeadTensor all = HeadTensor.Dense((nint)memory.Pointer, added.Type, layout, added.Batch, added.Heads, rows, added.Dim);
        Copy(past, all, 0);
        Copy(added, all, past.Rows);
        return new PresentTensor(memory, layout, all);
    }

    /// <summary>Its extents in a file.</summary>
    public long[] Extents => _layout == HeadLayout.Bhsd
        ? [Tensor.Batch, Tensor.Heads, Tensor.Rows, Tensor.Dim]
        : [Tensor.Batch, Tensor.Rows, Tensor.Heads, Tensor.Dim];

    /// <summary>Writes it.</summary>
    public void WriteTo(TensorWriter writer)
    {
        const int piece = 1 << 24;
        for (long at = 0; at < writer.Info.ByteLength; at += piece)
            writer.WriteBytes(at, new ReadOnlySpan<byte>(_memory.Pointer + at, (int)Math.Min(piece, writer.Info.ByteLength - at)));
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static void Copy(HeadTensor from, HeadTensor to, long firstRow)
    {
        int bytes = from.Dim * from.Type.SizeInBytes();
        for (int batch = 0; batch < from.Batch; batch++)
        {
            for (int head = 0; head < from.Heads; head++)
            {
                for (long row = 0; row < from.Rows; row++)
                {
                    var source = new ReadOnlySpan<byte>(from.Slice(batch, head, new(row, 1)).Row(0), bytes);
                    source.CopyTo(new Span<byte>(to.Slice(batch, head, new(firstRow + row, 1)).Row(0), bytes));
                }
            }
        }
    }
}
