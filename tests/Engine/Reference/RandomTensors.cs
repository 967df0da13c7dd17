using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Optional tensors drawn from a seed, each broadcast over some axes and sometimes shorter than the keys.</summary>
internal sealed class RandomTensors
{
    private readonly AttentionShape _shape;

    public RandomTensors(AttentionShape shape, Random random)
    {
        _shape = shape;
        if (random.Next(2) == 0)
            return;
        MaskExtents = Extents(random);
        Mask = GC.AllocateArray<byte>((int)MaskExtents.Aggregate(1L, (product, extent) => product * extent), pinned: true);
        double share = random.Next(3) == 0 ? 0.99 : random.NextDouble();
        foreach (ref byte element in Mask.AsSpan())
            element = (byte)(random.NextDouble() < share ? 1 : 0);
    }

    public byte[]? Mask { get; }

    public long[] MaskExtents { get; } = [];

    public bool MayAttend(long batch, long head, long query, long key) =>
        At(MaskExtents, batch, head, query, key) is { } index && Mask![index] != 0;

    public unsafe AttentionTensors Describe() => new()
    {
        Mask = Mask is null ? null : BroadcastTensor.Of(
            "mask", (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(Mask)),
            FileElementType.Bool, MaskExtents, _shape),
    };

    private static int? At(long[] extents, long batch, long head, long query, long key)
    {
        long[] index = [batch, head, query, key];
        if (key >= extents[^1])
            return null;
        long at = 0;
        for (int axis = 0; axis < extents.Length; axis++)
            at = at * extents[axis] + (extents[axis] == 1 ? 0 : index[axis + 4 - extents.Length]);
        return (int)at;
    }

    private long[] Extents(Random random)
    {
        long[] full = [_shape.Batch, _shape.QueryHeads, _shape.QueryRows, _shape.KeyRows];
        for (int axis = 0; axis < 3; axis++)
            full[axis] = random.Next(3) == 0 ? 1 : full[axis];
        full[3] = random.Next(3) == 0 ? random.Next(1, (int)full[3] + 1) : full[3];
        return full[random.Next(0, 4)..];
    }
}
