using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Tests.Scores;

public sealed unsafe class ScoreStageTests
{
    public static TheoryData<string> Vectorised =>
        [.. CpuKernels.Supported.Where(kernel => kernel != CpuKernels.Scalar).Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void Every_kernel_gives_the_bits_of_the_scalar_one(string name)
    {
        CpuKernel kernel = CpuKernels.Supported.Single(of => of.Name == name);
        for (int seed = 0; seed < 60; seed++)
        {
            float[] expected = Fold(CpuKernels.Scalar, seed), actual = Fold(kernel, seed);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                    $"{name}, seed {seed}: number {i} of the state is {actual[i]:R}, the scalar kernel gives {expected[i]:R}.");
            }
        }
    }

    [Fact]
    public void The_hyperbolic_tangent_errs_by_two_units_in_the_last_place_at_most()
    {
        double worst = 0;
        for (int i = -200_000; i <= 200_000; i++)
        {
            float x = i * 1e-4f;
            double expected = Math.Tanh(x), actual = Distributed.Kernels.Scores.Tanh.Of(Vector512.Create(x))[3];
            worst = Math.Max(worst, expected == 0 ? Math.Abs(actual) : Math.Abs(actual - expected) / Math.Abs(expected));
        }
        Assert.InRange(worst, 0, 2 * Math.Pow(2, -23));
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(1)]
    [InlineData(50)]
    public void A_softcap_is_that_of_its_definition(double cap)
    {
        const double Log2E = 1.4426950408889634;
        float* scores = stackalloc float[64];
        var stage = new ScoreStage(cap);
        for (int round = 0; round < 2000; round++)
        {
            var random = new Random(round);
            double widest = cap * (round % 4) + 0.1 * cap;
            var given = new float[64];
            for (int i = 0; i < 64; i++)
                given[i] = random.Next(200) == 0 ? float.NaN : (float)((random.NextDouble() * 2 - 1) * widest * Log2E);
            given.CopyTo(new Span<float>(scores, 64));

            stage.Apply(0, 1, 0, scores, 64, 64);

            for (int i = 0; i < 64; i++)
            {
                double expected = cap * Log2E * Math.Tanh(given[i] / Log2E / cap);
                Assert.True(double.IsNaN(expected) ? float.IsNaN(scores[i]) : Math.Abs(scores[i] - expected) <= 5e-7 * Math.Abs(expected),
                    $"Softcap {cap} makes {scores[i]:R} of {given[i] / Log2E}, expected {expected:R}.");
            }
        }
    }

    [Theory]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    [InlineData(0f, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void The_hyperbolic_tangent_has_its_limits(float x, float expected) =>
        Assert.Equal(expected, Distributed.Kernels.Scores.Tanh.Of(Vector512.Create(x))[0]);

    [Fact]
    public void Every_half_becomes_the_float_of_its_value()
    {
        ushort* halves = stackalloc ushort[16];
        for (int first = 0; first < 65_536; first += 16)
        {
            for (int i = 0; i < 16; i++)
                halves[i] = (ushort)(first + i);
            Vector512<float> wide = F16Elements.Load((byte*)halves);
            for (int i = 0; i < 16; i++)
                Assert.Equal((float)BitConverter.UInt16BitsToHalf(halves[i]), wide[i]);
        }
    }

    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(5, false, 0)]
    [InlineData(-3, false, 3)]
    [InlineData(-127, false, 31)]
    [InlineData(-100_000, false, 31)]
    [InlineData(-7, true, 7)]
    [InlineData(7, true, 23)]
    [InlineData(128, true, 31)]
    [InlineData(-128, true, 15)]
    public void Distances_fall_into_the_buckets_of_T5(long distance, bool bothSides, int bucket) =>
        Assert.Equal(bucket, RelativeBuckets.Of(distance, 32, 128, bothSides));

    [Theory]
    [InlineData(1, new[] { 1.0 / 256 })]
    [InlineData(4, new[] { 0.25, 1.0 / 16, 1.0 / 64, 1.0 / 256 })]
    [InlineData(3, new[] { 1.0 / 16, 1.0 / 256, 0.25 })]
    public void Standard_slopes_are_those_of_the_paper(int heads, double[] expected) =>
        Assert.Equal(expected, AlibiSlopes.Standard(heads).Select(slope => (double)slope));

    [Fact]
    public void A_sink_takes_its_share_of_the_weight_and_leaves_the_state()
    {
        float* memory = stackalloc float[4];
        AttentionState state = AttentionState.At(memory, 1, 2);
        (memory[0], memory[1], memory[2], memory[3]) = (6f, -3f, 0f, 3f);
        var output = new float[2];

        float lse = SinkLogit.Normalise(state, 0, 0f, output);

        Assert.Equal([1.5f, -0.75f], output);
        Assert.Equal((float)Math.Log(4), lse);
        Assert.Equal((6f, 3f), (memory[0], memory[3]));
    }

    [Fact]
    public void A_row_that_saw_no_key_leaves_all_weight_to_the_sink()
    {
        float* memory = stackalloc float[4];
        AttentionState state = AttentionState.At(memory, 1, 2);
        state.Reset();
        var output = new float[2];

        Assert.Equal(2.5f, SinkLogit.Normalise(state, 0, 2.5f, output));
        Assert.Equal([0f, 0f], output);
        Assert.Equal(float.NegativeInfinity, SinkLogit.Normalise(state, 0, float.NegativeInfinity, output));
    }

    /// <summary>Key terms go by distance as well as by key; rows that a tile has no distance of are not there.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(-20)]
    [InlineData(40)]
    [InlineData(500)]
    public void Terms_of_keys_are_those_of_the_key_and_its_distance(int position)
    {
        const int Reach = 12, Keys = 37, Stride = 64;
        int first = Math.Clamp(Reach - position, 0, 2 * Reach), last = Math.Clamp(Reach + Keys - 1 - position, 0, 2 * Reach);
        using var terms = new NativeBuffer((nuint)((last - first + 1) * Stride) * sizeof(float));
        for (int row = first; row <= last; row++)
        {
            for (int key = 0; key < Stride; key++)
                terms.Floats[(row - first) * Stride + key] = 1000 * row + key;
        }
        float distance = position;
        float* scores = stackalloc float[48];
        new Span<float>(scores, 48).Clear();
        var stage = new ScoreStage(0)
        {
            KeyTerms = terms.Floats,
            KeyTermStride = Stride,
            KeyTermFirst = first,
            KeyTermRows = last - first + 1,
            KeyTermReach = Reach,
            Distances = &distance,
        };

        stage.Apply(0, 1, 0, scores, 48, 48);

        for (int key = 0; key < Keys; key++)
            Assert.Equal(1000 * Math.Clamp(Reach + key - position, 0, 2 * Reach) + key, scores[key]);
    }

    private static float[] Fold(CpuKernel kernel, int seed)
    {
        var random = new Random(seed);
        int rows = random.Next(1, 220), keys = random.Next(1, 400), dim = random.Next(1, 70), valueDim = random.Next(1, 70);
        using NativeBuffer q = Numbers(random, rows * dim), k = Numbers(random, keys * dim), v = Numbers(random, keys * valueDim);
        ElementType type = (ElementType)random.Next(3);
        int there = random.Next(3) == 0 ? random.Next(1, keys + 1) : keys;
        using NativeBuffer bias = Bias(random, type, rows * there);
        using var distances = Numbers(random, rows);
        int reach = random.Next(1, 200);
        using NativeBuffer relative = Numbers(random, 2 * reach + 1);
        for (int row = 0; row < rows; row++)
            distances.Floats[row] = random.Next(-300, 600);
        int stride = (keys + 15) / 16 * 16 + 16;
        using NativeBuffer tables = Numbers(random, rows * (2 * reach + 16)), terms = Numbers(random, stride * (2 * reach + 1));
        using NativeBuffer packed = new(kernel.QueryBytes(rows, dim)), packedKeys = new(kernel.KeyBytes(keys, dim)),
            packedValues = new(kernel.ValueBytes(keys, valueDim)), workspace = new(kernel.WorkspaceBytes(dim, valueDim)),
            stateMemory = new(AttentionState.FloatsFor(rows, valueDim) * sizeof(float)),
            words = new((nuint)(rows * MaskWords.WordsFor(keys) * sizeof(ulong)));
        var stage = new ScoreStage(random.Next(2) == 0 ? 0 : random.NextDouble() * 10)
        {
            Slope = random.Next(2) == 0 ? 0 : random.NextSingle(),
            Distances = distances.Floats,
            Relative = random.Next(2) == 0 ? null : relative.Floats,
            Reach = reach,
            Tables = random.Next(3) == 0 ? tables.Floats : null,
            TableStride = 2 * reach + 16,
            TableReach = reach,
            KeyTerms = random.Next(3) == 0 ? terms.Floats : null,
            KeyTermStride = stride,
            KeyTermRows = 2 * reach + 1,
            KeyTermReach = reach,
            Bias = random.Next(2) == 0 ? default : new BiasTile(bias.Pointer, type, (long)there * type.SizeInBytes(), there),
        };
        MaskWords? mask = null;
        if (there < keys || random.Next(2) == 0)
        {
            var partial = new MaskWords((ulong*)words.Pointer, rows, keys);
            partial.SetAll();
            BandMask.Window(random.Next(-50, 50), random.Next(0, 300), random.Next(0, 300)).Apply(new MaskTile(0, 0, new(0, rows), new(0, keys)), partial);
            for (int row = 0; row < rows; row++)
                partial.KeepRange(row, 0, there);
            mask = partial;
        }
        AttentionState state = AttentionState.At(stateMemory.Floats, rows, valueDim);
        state.Reset();
        PackedQueries queries = kernel.PackQueries(TensorRows.Dense(q.Floats, rows, dim), 0.3, packed.Pointer).With(&stage);
        for (int pass = 0; pass < 2; pass++)
        {
            kernel.Fold(queries, kernel.PackKeys(TensorRows.Dense(k.Floats, keys, dim), packedKeys.Pointer),
                kernel.PackValues(TensorRows.Dense(v.Floats, keys, valueDim), packedValues.Pointer), mask, state, workspace.Pointer);
        }
        return new ReadOnlySpan<float>(stateMemory.Floats, (int)AttentionState.FloatsFor(rows, valueDim)).ToArray();
    }

    private static NativeBuffer Numbers(Random random, int count)
    {
        var buffer = new NativeBuffer((nuint)count * sizeof(float));
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = random.NextSingle() * 4 - 2;
        return buffer;
    }

    private static NativeBuffer Bias(Random random, ElementType type, int count)
    {
        var buffer = new NativeBuffer((nuint)(count * type.SizeInBytes()));
        for (int i = 0; i < count; i++)
        {
            float number = random.Next(500) == 0 ? float.NaN : random.NextSingle() * 4 - 2;
            switch (type)
            {
                case ElementType.F32:
                    buffer.Floats[i] = number;
                    break;
                case ElementType.F16:
                    ((Half*)buffer.Pointer)[i] = (Half)number;
                    break;
                default:
                    ((ushort*)buffer.Pointer)[i] = (ushort)(BitConverter.SingleToInt32Bits(number) >> 16);
                    break;
            }
        }
        return buffer;
    }
}
