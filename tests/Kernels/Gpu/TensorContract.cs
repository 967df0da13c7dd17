using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Gpu.Tensor;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;
using Distributed.Kernels.Tests.Cpu;
using Distributed.Kernels.Tests.Devices;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>
/// The tensor-core kernels against float64: at most twice the error of the plain computation in the same precision, the rule of
/// FlashAttention's tests. ILGPU's own processor does what a warp's threads do together, step by step.
/// </summary>
public sealed unsafe class TensorContract
{
    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.F16)]
    public void The_error_is_at_most_twice_that_of_the_plain_computation(ElementType type)
    {
        Assert.SkipWhen(TestDevice.Choice.Kind == DeviceKind.OpenCl, "OpenCL has no tensor cores.");
        const int Rows = 39, Keys = 70, Dim = 24, ValueDim = 100;
        HeadCase problem = Rounded(HeadCase.Random(2, Rows, Keys, Dim, ValueDim), type);
        var masks = new MaskSet(BandMask.Causal("causal", 20));
        (double[,] exact, double[] exactLse) = Reference.Attend(problem.Q, problem.K, problem.V, problem.Scale, Reference.Sees(masks));
        (float[,] actual, float[] lse) = OnDevice(problem, masks, type);
        double error = 0, plain = 0, largest = 0, lseError = 0;
        for (int row = 0; row < Rows; row++)
        {
            double[] byHand = Plain(problem, masks, row, type);
            for (int c = 0; c < ValueDim; c++)
            {
                largest = Math.Max(largest, Math.Abs(exact[row, c]));
                error = Math.Max(error, Math.Abs(actual[row, c] - exact[row, c]));
                plain = Math.Max(plain, Math.Abs(byHand[c] - exact[row, c]));
            }
            lseError = Math.Max(lseError, Math.Abs(lse[row] - exactLse[row]));
        }
        Assert.True(error <= 2 * plain + 1e-6 * largest, $"{type}: the error is {error:e2}, that of the plain computation {plain:e2}.");
        Assert.True(lseError <= 1e-5, $"{type}: the error of the LSE is {lseError:e2}.");
    }

    private static (float[,] Output, float[] LogSumExp) OnDevice(HeadCase problem, MaskSet masks, ElementType type)
    {
        using var q = new TypedRows(problem.Q, type);
        using var k = new TypedRows(problem.K, type);
        using var v = new TypedRows(problem.V, type);
        int rows = q.Rows.Count, keys = k.Rows.Count, valueDim = v.Rows.Dim;
        using var memory = new NativeBuffer(AttentionState.FloatsFor(rows, valueDim) * sizeof(float));
        AttentionState state = AttentionState.At(memory.Floats, rows, valueDim);
        state.Reset();
        var shape = new DeviceShape(q.Rows.Dim, valueDim, keys, 1, problem.Scale, type, type, type, Staged: false);
        Assert.True(TensorSession.Does(shape));
        using DeviceJob job = TensorSession.Open((IlgpuDevice)TestDevice.Get(), shape);
        var span = new DeviceSpan(0, 0, 0, () => k.Rows, () => v.Rows);
        var step = new DeviceStep(span, new MaskTile(0, 0, new RowRange(0, rows), new RowRange(0, keys)), Partial: true, default);
        Assert.True(job.TryFold(new DeviceFold([new DeviceUnit { Queries = q.Rows, State = state, Steps = [step] }], masks), TestContext.Current.CancellationToken));
        var output = new float[rows, valueDim];
        var lse = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            var of = new float[valueDim];
            StateMath.Normalise(state, row, of);
            for (int c = 0; c < valueDim; c++)
                output[row, c] = of[c];
            lse[row] = StateMath.LogSumExp(state, row);
        }
        return (output, lse);
    }

    // Scores and sums in F32, weights in the type of the values, as PyTorch's plain attention has them.
    private static double[] Plain(HeadCase problem, MaskSet masks, int row, ElementType type)
    {
        int keys = problem.K.GetLength(0), dim = problem.K.GetLength(1), valueDim = problem.V.GetLength(1);
        Func<int, int, bool> sees = Reference.Sees(masks);
        var scores = new float[keys];
        for (int key = 0; key < keys; key++)
        {
            float sum = 0;
            for (int d = 0; d < dim; d++)
                sum += problem.Q[row, d] * problem.K[key, d];
            scores[key] = sees(row, key) ? (float)problem.Scale * sum : float.NegativeInfinity;
        }
        float max = scores.Max(), total = 0;
        for (int key = 0; key < keys; key++)
            total += scores[key] = MathF.Exp(scores[key] - max);
        var output = new double[valueDim];
        for (int c = 0; c < valueDim; c++)
        {
            float sum = 0;
            for (int key = 0; key < keys; key++)
                sum += Round(scores[key] / total, type) * problem.V[key, c];
            output[c] = Round(sum, type);
        }
        return output;
    }

    private static HeadCase Rounded(HeadCase problem, ElementType type)
    {
        foreach (float[,] matrix in new[] { problem.Q, problem.K, problem.V })
        {
            for (int i = 0; i < matrix.GetLength(0); i++)
            {
                for (int j = 0; j < matrix.GetLength(1); j++)
                    matrix[i, j] = type == ElementType.F16 ? (float)(Half)matrix[i, j] : BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(matrix[i, j]) & 0xFFFF0000);
            }
        }
        return problem;
    }

    private static float Round(float x, ElementType type)
    {
        if (type == ElementType.F16)
            return (float)(Half)x;
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
    }
}
