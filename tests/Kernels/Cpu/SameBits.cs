using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>Every kernel gives the bits of the scalar one.</summary>
public sealed class SameBits
{
    public static TheoryData<string> Vectorised =>
        [.. CpuKernels.Supported.Where(kernel => kernel != CpuKernels.Scalar).Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void As_scalar_over_random_shapes_and_masks(string name)
    {
        var random = new Random(2);
        for (int seed = 0; seed < 40; seed++)
        {
            int rows = random.Next(1, 250), keys = random.Next(1, 500), dim = random.Next(1, 140), valueDim = random.Next(1, 200);
            HeadCase head = HeadCase.Random(
                seed, rows, keys, dim, valueDim, CpuKernelContract.RandomMask(random, rows, keys), scale: random.NextDouble());
            AssertSameBits(head, name, $"{name} rows={rows} keys={keys} D={dim} Dv={valueDim} mask={head.Mask.Description}");
        }
    }

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void As_scalar_over_several_spans(string name)
    {
        AssertSameBits(HeadCase.Random(3, 1500, 2600, 40, 24), name, name);
        AssertSameBits(HeadCase.Random(4, 1500, 1500, 40, 24, BandMask.Causal("top-left", 0)), name, name + " causal");
    }

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void Of_f16_and_bf16_as_scalar(string name)
    {
        foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16 })
            AssertSameBits(HeadCase.Random(5, 70, 130, 77, 33).RoundedTo(type), name, $"{name} {type}", type);
    }

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void Without_packing_as_with(string name)
    {
        CpuKernel kernel = CpuKernelContract.Named(name);
        var random = new Random(9);
        for (int seed = 0; seed < 24; seed++)
        {
            // Whole vectors are read where they lie, others are copied first.
            int unit = seed % 2 == 0 ? 16 : 1, most = unit == 16 ? 17 : 100;
            int rows = random.Next(1, 14), keys = random.Next(1, 2500);
            HeadCase head = HeadCase.Random(
                seed, rows, keys, unit * random.Next(1, most), unit * random.Next(1, most),
                seed % 4 < 2 ? null : CpuKernelContract.RandomMask(random, rows, keys));
            if (seed % 3 == 0)
                head.K[random.Next(keys), 0] = BitConverter.Int32BitsToSingle(unchecked((int)0xFFC0_0123));
            if (seed % 3 == 1)
                head.V[random.Next(keys), 0] = float.NaN;
            ElementType type = (ElementType)(seed / 4 % 3);
            head = type == ElementType.F32 ? head : head.RoundedTo(type);
            string what = $"{name} rows={rows} keys={keys} D={head.K.GetLength(1)} Dv={head.V.GetLength(1)} {type} mask={head.Mask.Description}";
            AssertSame(head.Run(kernel, type), head.Run(kernel, type, direct: true), what, "with packing it");
        }
    }

    [Theory]
    [MemberData(nameof(Vectorised))]
    public unsafe void Of_heads_folded_together_as_of_each_alone(string name)
    {
        CpuKernel kernel = CpuKernelContract.Named(name);
        const int dim = 40, valueDim = 24, keys = 700;
        foreach (int[] rows in new int[][] { [1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1], [3, 3], [7, 5, 1], [32, 32, 32] })
        {
            int all = rows.Sum();
            HeadCase of = HeadCase.Random(all, all, keys, dim, valueDim);
            using var q = new TypedRows(of.Q, ElementType.F32);
            using var k = new TypedRows(of.K, ElementType.F32);
            using var v = new TypedRows(of.V, ElementType.F32);
            using NativeBuffer keyMemory = new(kernel.KeyBytes(keys, dim)), valueMemory = new(kernel.ValueBytes(keys, valueDim)),
                workspace = new(kernel.WorkspaceBytes(dim, valueDim)), stackMemory = new(StackedHeads.Bytes(kernel, all, dim, valueDim)),
                alone = new(AttentionState.FloatsFor(all, valueDim) * sizeof(float)), together = new(alone.Length);
            var queryMemory = new NativeBuffer[rows.Length];
            var queries = new PackedQueries[rows.Length];
            AttentionState[] expected = new AttentionState[rows.Length], states = new AttentionState[rows.Length];
            for (int head = 0, first = 0; head < rows.Length; first += rows[head++])
            {
                queryMemory[head] = new NativeBuffer(kernel.QueryBytes(rows[head], dim));
                queries[head] = kernel.PackQueries(q.Rows.Slice(first, rows[head]), of.Scale, queryMemory[head].Pointer);
                nint at = (nint)AttentionState.FloatsFor(first, valueDim);
                (expected[head], states[head]) = (AttentionState.At(alone.Floats + at, rows[head], valueDim), AttentionState.At(together.Floats + at, rows[head], valueDim));
                expected[head].Reset();
                states[head].Reset();
            }
            PackedKeys packedKeys = kernel.PackKeys(k.Rows, keyMemory.Pointer);
            PackedValues packedValues = kernel.PackValues(v.Rows, valueMemory.Pointer);
            for (int head = 0; head < rows.Length; head++)
            {
                kernel.Fold(queries[head], packedKeys, packedValues, null, expected[head], workspace.Pointer);
                kernel.Fold(queries[head], packedKeys, packedValues, null, expected[head], workspace.Pointer);
            }
            for (int time = 0; time < 2; time++)
            {
                (PackedQueries stacked, AttentionState state) = new StackedHeads(kernel, stackMemory.Pointer).Take(queries, states);
                if (all <= kernel.DirectRows)
                    kernel.FoldDirect(stacked, k.Rows, v.Rows, null, state, workspace.Pointer);
                else
                    kernel.Fold(stacked, packedKeys, packedValues, null, state, workspace.Pointer);
                StackedHeads.Return(state, states);
            }
            Assert.True(
                new ReadOnlySpan<byte>(alone.Pointer, (int)alone.Length).SequenceEqual(new ReadOnlySpan<byte>(together.Pointer, (int)together.Length)),
                $"{name}: heads of {string.Join(", ", rows)} rows folded together have other states than folded one by one");
            foreach (NativeBuffer buffer in queryMemory)
                buffer.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(CpuKernelContract.Kernels), MemberType = typeof(CpuKernelContract))]
    public unsafe void However_rows_are_split(string name)
    {
        CpuKernel kernel = CpuKernelContract.Named(name);
        HeadCase head = HeadCase.Random(6, 100, 200, 40, 20, BandMask.Causal("bottom-right", 100));
        using var q = new TypedRows(head.Q, ElementType.F32);
        using var k = new TypedRows(head.K, ElementType.F32);
        using var v = new TypedRows(head.V, ElementType.F32);
        using var packed = new NativeBuffer(
            kernel.QueryBytes(100, 40) + kernel.KeyBytes(200, 40) + kernel.ValueBytes(200, 20) + 3 * NativeBuffer.Alignment);
        byte* keyMemory = Aligned(packed.Pointer + kernel.QueryBytes(100, 40));
        byte* valueMemory = Aligned(keyMemory + kernel.KeyBytes(200, 40));
        using var workspace = new NativeBuffer(kernel.WorkspaceBytes(40, 20));
        PackedKeys keys = kernel.PackKeys(k.Rows, keyMemory);
        PackedValues values = kernel.PackValues(v.Rows, valueMemory);
        using var expectedMemory = new NativeBuffer(AttentionState.FloatsFor(100, 20) * sizeof(float));
        using var memory = new NativeBuffer(AttentionState.FloatsFor(100, 20) * sizeof(float));
        AttentionState expected = AttentionState.At(expectedMemory.Floats, 100, 20), state = AttentionState.At(memory.Floats, 100, 20);
        expected.Reset();
        state.Reset();
        Fold(0, 100, expected);
        foreach ((int first, int count) in new[] { (0, 1), (1, 6), (7, 5), (12, 60), (72, 28) })
            Fold(first, count, state);
        Assert.True(
            new ReadOnlySpan<byte>(expectedMemory.Pointer, (int)expectedMemory.Length)
                .SequenceEqual(new ReadOnlySpan<byte>(memory.Pointer, (int)memory.Length)),
            $"{name}: rows folded in slices have another state than rows folded at once");

        void Fold(int first, int count, AttentionState into)
        {
            using var words = new NativeBuffer((nuint)(count * MaskWords.WordsFor(200) * sizeof(ulong)));
            var mask = new MaskWords((ulong*)words.Pointer, count, 200);
            mask.SetAll();
            head.Mask.Apply(new MaskTile(0, 0, new(first, count), new(0, 200)), mask);
            PackedQueries queries = kernel.PackQueries(q.Rows.Slice(first, count), head.Scale, packed.Pointer);
            kernel.Fold(queries, keys, values, mask, into.Slice(first, count), workspace.Pointer);
        }
    }

    private static unsafe byte* Aligned(byte* at) => (byte*)(((nuint)at + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1));

    private static void AssertSameBits(HeadCase head, string name, string what, ElementType type = ElementType.F32) =>
        AssertSame(head.Run(CpuKernels.Scalar, type), head.Run(CpuKernelContract.Named(name), type), what, "the scalar kernel");

    private static void AssertSame(
        (float[,] Output, float[] LogSumExp) expected, (float[,] Output, float[] LogSumExp) actual, string what, string other)
    {
        for (int i = 0; i < expected.LogSumExp.Length; i++)
        {
            for (int c = 0; c < expected.Output.GetLength(1); c++)
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected.Output[i, c]) == BitConverter.SingleToInt32Bits(actual.Output[i, c]),
                    $"{what}: output [{i},{c}] is {actual.Output[i, c]:R}, {other} gives {expected.Output[i, c]:R}");
            }
            Assert.True(
                BitConverter.SingleToInt32Bits(expected.LogSumExp[i]) == BitConverter.SingleToInt32Bits(actual.LogSumExp[i]),
                $"{what}: LSE [{i}] is {actual.LogSumExp[i]:R}, {other} gives {expected.LogSumExp[i]:R}");
        }
    }
}
