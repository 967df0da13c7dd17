using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary><see cref="CpuKernel.Weights"/> gives exp(score − LSE), and 0 where the mask hides a key.</summary>
public sealed unsafe class WeightsContract
{
    private const int Rows = 110, Keys = 333, Dim = 24;

    public static TheoryData<string> Kernels => CpuKernelContract.Kernels;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Agrees_with_float64_and_with_the_scalar_kernel(string name)
    {
        foreach (IAttentionMask mask in new IAttentionMask[] { MaskSet.None, BandMask.Window(100, 40, 3), new ExcludedBandMask(0, 5) })
        {
            HeadCase head = HeadCase.Random(8, Rows, Keys, Dim, 4, mask);
            head.Q[50, 0] = float.NaN;
            float[] weights = Weights(CpuKernelContract.Named(name), head), expected = Weights(CpuKernels.Scalar, head);
            Func<int, int, bool> sees = Reference.Sees(mask);
            (_, double[] lse) = head.Reference();
            for (int i = 0; i < weights.Length; i++)
            {
                (int row, int key) = (i / Keys, i % Keys);
                Assert.Equal(expected[i], weights[i]);
                if (row == 50)
                    Assert.Equal(sees(row, key), float.IsNaN(weights[i]));
                else
                    Assert.Equal(sees(row, key) ? Math.Exp(Score(head, row, key) - lse[row]) : 0, weights[i], 2e-6);
            }
        }
    }

    private static double Score(HeadCase head, int row, int key) =>
        Enumerable.Range(0, Dim).Sum(d => (double)head.Q[row, d] * head.K[key, d]) * head.Scale;

    private static float[] Weights(CpuKernel kernel, HeadCase head)
    {
        using var q = new TypedRows(head.Q, ElementType.F32);
        using var k = new TypedRows(head.K, ElementType.F32);
        using var queryMemory = new NativeBuffer(kernel.QueryBytes(Rows, Dim));
        using var keyMemory = new NativeBuffer(kernel.KeyBytes(Keys, Dim));
        using var workspace = new NativeBuffer(kernel.WorkspaceBytes(Dim, 4));
        using var words = new NativeBuffer((nuint)(Rows * MaskWords.WordsFor(Keys) * sizeof(ulong)));
        var mask = new MaskWords((ulong*)words.Pointer, Rows, Keys);
        mask.SetAll();
        head.Mask.Apply(new MaskTile(0, 0, new(0, Rows), new(0, Keys)), mask);
        float[] lse = [.. head.Reference().LogSumExp.Select(natural => (float)(natural / Math.Log(2)))];
        var weights = new float[Rows * Keys];
        fixed (float* logSumExp = lse)
        {
            fixed (float* to = weights)
            {
                kernel.Weights(
                    kernel.PackQueries(q.Rows, head.Scale, queryMemory.Pointer), kernel.PackKeys(k.Rows, keyMemory.Pointer),
                    head.Mask == MaskSet.None ? null : mask, logSumExp, to, Keys, workspace.Pointer);
            }
        }
        return weights;
    }
}
