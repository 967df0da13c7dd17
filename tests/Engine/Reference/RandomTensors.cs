using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Optional tensors drawn from a seed, each broadcast over some axes and sometimes shorter than the keys.</summary>
internal sealed class RandomTensors
{
    private readonly AttentionShape _shape;

    /// <summary>Draws tensors that fit a shape and, where they hang on options, those; scores other than products if that is asked for.</summary>
    public RandomTensors(AttentionShape shape, Random random, AttentionOptions? options = null, bool anyScores = false)
    {
        _shape = shape;
        if (options is not null && random.Next(4) == 0)
            RelativeBias = new RelativeBias([.. Enumerable.Range(0, 8 * shape.QueryHeads).Select(_ => random.NextSingle() * 3 - 1.5f)], 8, shape.QueryHeads);
        if (options is not null && random.Next(4) == 0)
        {
            ScoreMatrices = [.. Enumerable.Range(0, random.Next(2) == 0 ? 1 : shape.QueryHeads).Select(_ =>
                Enumerable.Range(0, shape.KeyDim * shape.KeyDim).Select(_ => (random.NextDouble() * 2 - 1) / Math.Sqrt(shape.KeyDim)).ToArray())];
        }
        if (options is { QkNorm: not RowNorm.None } && random.Next(2) == 0)
            QueryNorm = [.. Enumerable.Range(0, shape.KeyDim).Select(_ => random.NextSingle() + 0.5f)];
        if (options is { QkNorm: not RowNorm.None } && random.Next(2) == 0)
            KeyNorm = [.. Enumerable.Range(0, shape.KeyDim).Select(_ => random.NextSingle() + 0.5f)];
        if (options is { Rotary: not null } && random.Next(2) == 0)
            QueryPositions = DrawPositions(random, shape.QueryRows);
        if (options is { Rotary: not null } && random.Next(2) == 0)
            KeyPositions = DrawPositions(random, shape.KeyRows);
        if (anyScores && random.Next(4) == 0 && ScoreMatrices is null && options is { QkNorm: RowNorm.None, Rotary: null })
        {
            DrawAdditive(random);
        }
        else if (anyScores && random.Next(4) == 0)
        {
            int distances = 2 * random.Next(0, 20) + 1;
            float[][] Vectors(int count, int length) => [.. Enumerable.Range(0, count).Select(_ =>
                Enumerable.Range(0, length).Select(_ => random.NextSingle() * 2 - 1).ToArray())];
            RelativeKeys = new RelativeKeys(Vectors(random.Next(2) == 0 ? 1 : shape.QueryHeads, distances * shape.KeyDim), distances, shape.KeyDim);
            ContentBias = random.Next(2) == 0 ? Vectors(shape.QueryHeads, shape.KeyDim) : null;
            PositionBias = random.Next(2) == 0 ? Vectors(shape.QueryHeads, shape.KeyDim) : null;
        }
        // Drawn apart, so that the other tensors of a seed stay what they were.
        var apart = new Random((int)(31 * shape.QueryRows + 7 * shape.KeyRows + shape.KeyDim));
        if (anyScores && Additive is null && apart.Next(4) == 0)
        {
            int distances = 2 * apart.Next(0, 20) + 1;
            RelativeQueries = new RelativeKeys(
                [.. Enumerable.Range(0, apart.Next(2) == 0 ? 1 : shape.QueryHeads).Select(_ =>
                    Enumerable.Range(0, distances * shape.KeyDim).Select(_ => apart.NextSingle() * 2 - 1).ToArray())], distances, shape.KeyDim);
        }
        if (random.Next(2) == 0)
            DrawMask(random);
        if (random.Next(2) == 0)
            DrawBias(random);
        if (random.Next(3) == 0)
            SinkLogits = [.. Enumerable.Range(0, shape.QueryHeads).Select(_ => random.NextSingle() * 8 - 4)];
        if (random.Next(3) == 0)
            AlibiSlopes = [.. Enumerable.Range(0, shape.QueryHeads).Select(_ => random.NextSingle() * 0.2f - 0.05f)];
    }

    private RandomTensors(AttentionShape shape) => _shape = shape;

    /// <summary>A mask, or none.</summary>
    public static RandomTensors MaskAlone(AttentionShape shape, Random random)
    {
        var tensors = new RandomTensors(shape);
        if (random.Next(2) == 0)
            tensors.DrawMask(random);
        return tensors;
    }

    /// <summary>Additive scores.</summary>
    public static RandomTensors AdditiveAlone(AttentionShape shape, Random random)
    {
        var tensors = new RandomTensors(shape);
        tensors.DrawAdditive(random);
        return tensors;
    }

    /// <summary>Rates of the delta rule.</summary>
    public static RandomTensors RatesAlone(AttentionShape shape, Random random) => new(shape)
    {
        Beta = [.. Enumerable.Range(0, (int)(shape.Batch * shape.KeyHeads * shape.KeyRows)).Select(_ => random.NextSingle())],
    };

    /// <summary>Rates of the delta rule <c>[B, Hkv, Skv]</c>; null = none.</summary>
    public float[]? Beta { get; private init; }

    public byte[]? Mask { get; private set; }

    public long[] MaskExtents { get; private set; } = [];

    /// <summary>Elements of <see cref="BiasType"/>.</summary>
    public byte[]? Bias { get; private set; }

    public FileElementType BiasType { get; private set; }

    public long[] BiasExtents { get; private set; } = [];

    public float[]? SinkLogits { get; }

    public float[]? AlibiSlopes { get; }

    public RelativeBias? RelativeBias { get; }

    public double[][]? ScoreMatrices { get; }

    public AdditiveScore? Additive { get; private set; }

    public RelativeKeys? RelativeKeys { get; }

    public RelativeKeys? RelativeQueries { get; }

    public float[][]? ContentBias { get; }

    public float[][]? PositionBias { get; }

    public float[]? QueryNorm { get; }

    public float[]? KeyNorm { get; }

    public PositionTensor? QueryPositions { get; }

    public PositionTensor? KeyPositions { get; }

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
        Beta = Beta is null ? null : new KeyRates(Pinned(Beta), ElementType.F32, [_shape.Batch, _shape.KeyHeads, _shape.KeyRows]),
        SinkLogits = SinkLogits,
        AlibiSlopes = AlibiSlopes,
        RelativeBias = RelativeBias,
        ScoreMatrices = ScoreMatrices,
        Additive = Additive,
        RelativeKeys = RelativeKeys,
        RelativeQueries = RelativeQueries,
        ContentBias = ContentBias,
        PositionBias = PositionBias,
        QueryNorm = QueryNorm,
        KeyNorm = KeyNorm,
        QueryPositions = QueryPositions,
        KeyPositions = KeyPositions,
    };

    private static unsafe nint AddressOf(byte[] pinned) => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(
        ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(pinned));

    // Kept for as long as the test runs.
    private static nint Pinned(float[] numbers) =>
        System.Runtime.InteropServices.GCHandle.Alloc(numbers, System.Runtime.InteropServices.GCHandleType.Pinned).AddrOfPinnedObject();

    private PositionTensor DrawPositions(Random random, long rows) => new(
        [.. Enumerable.Range(0, (int)rows * (random.Next(2) == 0 ? 1 : _shape.Batch)).Select(_ => (long)random.Next(-50, 3000))], rows);

    private void DrawAdditive(Random random)
    {
        int units = random.Next(1, 40);
        double[][] Matrices(int heads, int dim) => [.. Enumerable.Range(0, random.Next(2) == 0 ? 1 : heads).Select(_ =>
            Enumerable.Range(0, dim * units).Select(_ => (double)(float)((random.NextDouble() * 2 - 1) / Math.Sqrt(dim))).ToArray())];
        Additive = new AdditiveScore(
            Matrices(_shape.QueryHeads, _shape.QueryDim), Matrices(_shape.KeyHeads, _shape.KeyDim),
            [.. Enumerable.Range(0, random.Next(2) == 0 ? 1 : _shape.QueryHeads).Select(_ =>
                Enumerable.Range(0, units).Select(_ => (random.NextSingle() * 4 - 2) / MathF.Sqrt(units)).ToArray())], units);
    }

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
