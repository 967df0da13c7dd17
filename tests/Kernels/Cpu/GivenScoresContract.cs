using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>The scores that a kernel gives out, given back to it, make the state that a fold makes.</summary>
public sealed unsafe class GivenScoresContract
{
    [Theory]
    [MemberData(nameof(CpuKernelContract.Kernels), MemberType = typeof(CpuKernelContract))]
    public void Scores_folded_are_the_fold(string name)
    {
        CpuKernel kernel = CpuKernelContract.Named(name);
        var random = new Random(4);
        for (int seed = 0; seed < 25; seed++)
        {
            int rows = random.Next(1, 250), keys = random.Next(1, 500), dim = random.Next(1, 70), valueDim = random.Next(1, 90);
            HeadCase head = HeadCase.Random(seed, rows, keys, dim, valueDim, CpuKernelContract.RandomMask(random, rows, keys));
            Check(kernel, head, $"{name} rows={rows} keys={keys} D={dim} Dv={valueDim} mask={head.Mask.Description}");
        }
    }

    private static void Check(CpuKernel kernel, HeadCase head, string what)
    {
        int rows = head.Rows, keys = head.K.GetLength(0), dim = head.K.GetLength(1), valueDim = head.V.GetLength(1), stride = (keys + 15) / 16 * 16;
        using var q = new TypedRows(head.Q, ElementType.F32);
        using var k = new TypedRows(head.K, ElementType.F32);
        using var v = new TypedRows(head.V, ElementType.F32);
        using var queryMemory = new NativeBuffer(kernel.QueryBytes(rows, dim));
        using var keyMemory = new NativeBuffer(kernel.KeyBytes(keys, dim));
        using var valueMemory = new NativeBuffer(kernel.ValueBytes(keys, valueDim));
        using var workspace = new NativeBuffer(kernel.WorkspaceBytes(dim, valueDim));
        using var wordMemory = new NativeBuffer((nuint)(rows * MaskWords.WordsFor(keys) * sizeof(ulong)));
        using var scores = new NativeBuffer((nuint)(rows * stride * sizeof(float)));
        using var states = new NativeBuffer(2 * AttentionState.FloatsFor(rows, valueDim) * sizeof(float));
        var words = new MaskWords((ulong*)wordMemory.Pointer, rows, keys);
        words.SetAll();
        head.Mask.Apply(new MaskTile(0, 0, new(0, rows), new(0, keys)), words);
        MaskWords? mask = head.Mask == MaskSet.None ? null : words;
        PackedQueries queries = kernel.PackQueries(q.Rows, head.Scale, queryMemory.Pointer);
        PackedKeys packedKeys = kernel.PackKeys(k.Rows, keyMemory.Pointer);
        PackedValues values = kernel.PackValues(v.Rows, valueMemory.Pointer);
        AttentionState expected = AttentionState.At(states.Floats, rows, valueDim);
        AttentionState actual = AttentionState.At(states.Floats + AttentionState.FloatsFor(rows, valueDim), rows, valueDim);
        expected.Reset();
        actual.Reset();

        kernel.Fold(queries, packedKeys, values, mask, expected, workspace.Pointer);
        kernel.Scores(queries, packedKeys, mask, scores.Floats, stride, workspace.Pointer);
        kernel.FoldScores(scores.Floats, stride, values, mask, actual, workspace.Pointer);

        Func<int, int, bool> sees = Reference.Sees(head.Mask);
        for (int row = 0; row < rows; row++)
        {
            for (int key = 0; key < keys; key++)
                Assert.True(sees(row, key) != float.IsNegativeInfinity(scores.Floats[row * stride + key]), $"{what}: score [{row},{key}] is {scores.Floats[row * stride + key]}");
        }
        int numbers = (int)AttentionState.FloatsFor(rows, valueDim);
        Assert.True(new ReadOnlySpan<int>(expected.Output, numbers).SequenceEqual(new ReadOnlySpan<int>(actual.Output, numbers)), $"{what}: the states differ");
    }
}
