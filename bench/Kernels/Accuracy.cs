using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// Error of whole results against float64: max|o − ref| / max|ref|, the same in units of the last place of the largest
/// output, and the largest error of LSE. Logits are scaled so that the largest is near a given value.
/// </summary>
internal static unsafe class Accuracy
{
    private const int Rows = 48;

    public static int Run()
    {
        Console.WriteLine("keys     D    values            largest logit   error / max   ulp of max   LSE error");
        foreach (int keys in new[] { 1024, 16384, 65536 })
        {
            foreach (int dim in new[] { 64, 128 })
            {
                foreach (bool positive in new[] { false, true })
                {
                    foreach (double spread in new[] { 1.0, 5.0 })
                        One(keys, dim, positive, spread);
                }
            }
        }
        return 0;
    }

    private static void One(int keys, int dim, bool positive, double spread)
    {
        var random = new Random(keys + dim);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        using NativeBuffer q = Fill(Rows * dim, Normal), k = Fill(keys * dim, Normal),
            v = Fill(keys * dim, () => positive ? random.NextDouble() : Normal());
        using var o = new NativeBuffer((nuint)(Rows * dim * sizeof(float)));
        using var lse = new NativeBuffer(Rows * sizeof(float));
        double scale = spread / Math.Sqrt(dim);
        using var head = new HeadAttention(CpuKernels.Best, keys, dim, dim);
        head.Pack(TensorRows.Dense(k.Floats, keys, dim), TensorRows.Dense(v.Floats, keys, dim));
        using NativeBuffer scratch = head.NewScratch();
        head.Compute(TensorRows.Dense(q.Floats, Rows, dim), scale, MaskSet.None, .., o.Floats, lse.Floats, scratch);
        double error = 0, largest = 0, lseError = 0, logit = 0;
        var score = new double[keys];
        for (int row = 0; row < Rows; row++)
        {
            double max = double.NegativeInfinity, sum = 0;
            for (int key = 0; key < keys; key++)
            {
                double s = 0;
                for (int d = 0; d < dim; d++)
                    s += (double)q.Floats[row * dim + d] * k.Floats[key * dim + d];
                max = Math.Max(max, score[key] = s * scale);
            }
            var expected = new double[dim];
            for (int key = 0; key < keys; key++)
            {
                double weight = Math.Exp(score[key] - max);
                sum += weight;
                for (int d = 0; d < dim; d++)
                    expected[d] += weight * v.Floats[key * dim + d];
            }
            for (int d = 0; d < dim; d++)
            {
                error = Math.Max(error, Math.Abs(expected[d] / sum - o.Floats[row * dim + d]));
                largest = Math.Max(largest, Math.Abs(expected[d] / sum));
            }
            lseError = Math.Max(lseError, Math.Abs(max + Math.Log(sum) - lse.Floats[row]));
            logit = Math.Max(logit, max);
        }
        Console.WriteLine(
            $"{keys,-8} {dim,-4} {(positive ? "uniform [0, 1)" : "normal"),-18} {logit,12:F1}   {error / largest,11:E1}   " +
            $"{error / MathF.BitIncrement((float)largest) / (MathF.BitIncrement((float)largest) - (float)largest) * largest,10:F1}   {lseError,9:E1}");
    }

    private static NativeBuffer Fill(int count, Func<double> next)
    {
        var buffer = new NativeBuffer((nuint)count * sizeof(float));
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = (float)next();
        return buffer;
    }
}
