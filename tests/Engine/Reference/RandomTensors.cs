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
            DrawMask(random);
        if (random.Next(2) == 0)
            DrawBias(random);
        if (random.Next(3) == 0)
            SinkLogits = [.. Enumerable.Range(0, shape.QueryHeads).Select(_ => random.NextSingle() * 8 - 4)];
        if (random.Next(3) == 0)
            AlibiSlopes = [.. Enumerable.Range(0, shape.QueryHeads).Select(_ => random.NextSingle() * 0.2f - 0.05f)];
    }

    public byte[]? Mask { get; private set; }

    public long[] MaskExtents { get; private set; } = [];

    /// <summary>Elements of <see cref="BiasType"/>.</summary>
    public byte[]? Bias { get; private set; }

    public FileElementType BiasType { get; private set; }

    public long[] BiasExtents { get; private set; } = [];

    public float[]? SinkLogits { get; }

    public float[]? AlibiSlopes { get; }

    public bool MayAttend(long batch, long head, long query, long key) =>
        At(MaskExtents, batch, head, query, key) is { } index && Mask![index] != 0;

    /// <summary>What is added to a score; −∞ beyond the tensor's keys.</summary>
    public double BiasOf(long batch, long head, long query, long key) => Bias is null ? 0
        : At(BiasExtents, batch, head, query, key) is not { } index ? double.NegativeInfinity
        : BiasType switch
        {
            FileElementType.F32 => BitConverter.ToSingle(Bias, index * 4),
            FileElementType.F16 => (double)BitConverter.ToHalf(Bias, index * 2),
            _ => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(Bias, index * 2) << 16),
        };

    public AttentionTensors Describe() => new()
    {
        Mask = Mask is null ? null : BroadcastTensor.Of("mask", AddressOf(Mask), FileElementType.Bool, MaskExtents, _shape),
        Bias = Bias is null ? null : BroadcastTensor.Of("bias", AddressOf(Bias), BiasType, BiasExtents, _shape),
        SinkLogits = SinkLogits,
        AlibiSlopes = AlibiSlopes,
    };

    private static unsafe nint AddressOf(byte[] pinned) => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(
        ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));

    private void DrawMask(Random random)
    {
        MaskExtents = Extents(random);
        Mask = GC.AllocateArray<byte>((int)MaskExtents.Aggregate(1L, (product, extent) => product * extent), pinned: true);
        double share = random.Next(3) == 0 ? 0.99 : random.NextDouble();
        foreach (ref byte element in Mask.AsSpan())
            element = (byte)(random.NextDouble() < share ? 1 : 0);
    }

    private void DrawBias(Random random)
    {
        BiasExtents = Extents(random);
        BiasType = new[] { FileElementType.F32, FileElementType.F16, FileElementType.BF16 }[random.Next(3)];
        int size = BiasType == FileElementType.F32 ? 4 : 2, count = (int)BiasExtents.Aggregate(1L, (product, extent) => product * extent);
        Bias = GC.AllocateArray<byte>(count * size, pinned: true);
        double share = random.Next(2) == 0 ? 0 : random.NextDouble();
        for (int i = 0; i < count; i++)
        {
            float bias = random.NextDouble() < share ? float.NegativeInfinity : random.NextSingle() * 4 - 2;
            byte[] bytes = BiasType switch
            {
                FileElementType.F32 => BitConverter.GetBytes(bias),
                FileElementType.F16 => BitConverter.GetBytes((Half)bias),
                _ => BitConverter.GetBytes((ushort)(BitConverter.SingleToInt32Bits(bias) >> 16)),
            };
            bytes.CopyTo(Bias, i * size);
        }
    }

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
