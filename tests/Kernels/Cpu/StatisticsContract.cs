using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>Statistics of rows: the same bits by every kernel, packed or not, and none of the state's changed.</summary>
public sealed unsafe class StatisticsContract
{
    private const int Rows = 11, Dim = 20, ValueDim = 7, Window = 30;

    // Around the keys, wholly behind them, wholly ahead of them, and close to either end of a tile.
    private static readonly int[] Positions = [100, 5000, -5000, 40, -1];

    [Theory]
    [MemberData(nameof(CpuKernelContract.Kernels), MemberType = typeof(CpuKernelContract))]
    public void The_same_bits_by_every_kernel(string name)
    {
        var random = new Random(12);
        for (int seed = 0; seed < 30; seed++)
        {
            int keys = random.Next(1, 700);
            HeadCase head = HeadCase.Random(seed, Rows, keys, Dim, ValueDim, CpuKernelContract.RandomMask(random, Rows, keys));
            CpuKernel kernel = CpuKernelContract.Named(name);
            (double[] expected, _) = Fold(CpuKernels.Scalar, head, seed, statistics: true);
            (double[] actual, float[] state) = Fold(kernel, head, seed, statistics: true);
            (double[] direct, _) = Fold(kernel, head, seed, statistics: true, direct: true);
            (_, float[] plain) = Fold(kernel, head, seed, statistics: false);

            Assert.True(expected.SequenceEqual(actual), $"{name}: statistics over {keys} keys differ from those of the scalar kernel");
            Assert.True(expected.SequenceEqual(direct), $"{name}: statistics over {keys} unpacked keys differ from those of packed ones");
            Assert.True(plain.SequenceEqual(state), $"{name}: a fold of {keys} keys with statistics leaves another state than one without");
        }
    }

    /// <summary>The sums and the state after two tiles of the same keys.</summary>
    private static (double[] Sums, float[] State) Fold(CpuKernel kernel, HeadCase head, int seed, bool statistics, bool direct = false)
    {
        int keys = head.K.GetLength(0);
        using var q = new TypedRows(head.Q, ElementType.F32);
        using var k = new TypedRows(head.K, ElementType.F32);
        using var v = new TypedRows(head.V, ElementType.F32);
        using var queryMemory = new NativeBuffer(kernel.QueryBytes(Rows, Dim));
        using var keyMemory = new NativeBuffer(kernel.KeyBytes(keys, Dim));
        using var valueMemory = new NativeBuffer(kernel.ValueBytes(keys, ValueDim));
        using var workspace = new NativeBuffer(kernel.WorkspaceBytes(Dim, ValueDim));
        using var stateMemory = new NativeBuffer(AttentionState.FloatsFor(Rows, ValueDim) * sizeof(float));
        using var words = new NativeBuffer((nuint)(Rows * MaskWords.WordsFor(keys) * sizeof(ulong)));
        var mask = new MaskWords((ulong*)words.Pointer, Rows, keys);
        mask.SetAll();
        head.Mask.Apply(new MaskTile(0, 0, new(0, Rows), new(0, keys)), mask);
        AttentionState state = AttentionState.At(stateMemory.Floats, Rows, ValueDim);
        state.Reset();
        var sums = new double[Rows * RowStatistics.SumsPerRow];
        var distances = new float[Rows];
        PackedQueries queries = kernel.PackQueries(q.Rows, head.Scale, queryMemory.Pointer);
        PackedKeys packedKeys = kernel.PackKeys(k.Rows, keyMemory.Pointer);
        PackedValues packedValues = kernel.PackValues(v.Rows, valueMemory.Pointer);
        fixed (double* of = sums)
        {
            fixed (float* at = distances)
            {
                for (int tile = 0; tile < 2; tile++)
                {
                    for (int row = 0; row < Rows; row++)
                        distances[row] = row + Positions[seed % Positions.Length] - tile * keys;
                    var asked = new RowStatistics(of, at, Window, sinks: seed % 2 * 5);
                    AttentionState into = statistics ? state.With(&asked) : state;
                    if (direct)
                        kernel.FoldDirect(queries, k.Rows, v.Rows, mask, into, workspace.Pointer);
                    else
                        kernel.Fold(queries, packedKeys, packedValues, mask, into, workspace.Pointer);
                }
            }
        }
        return (sums, new Span<float>(stateMemory.Floats, (int)AttentionState.FloatsFor(Rows, ValueDim)).ToArray());
    }
}
