using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// Error of whole results against float64: max|o − ref| / max|ref| over a head, the same in units of the last place of
/// max|ref|, and the largest error of LSE.
/// </summary>
internal static unsafe class Accuracy
{
    public static int Run()
    {
        Console.WriteLine("keys     D    values            largest logit   error / max   ulp of max   LSE error");
        foreach (int keys in new[] { 1024, 16384, 65536 })
        {
            foreach (int dim in new[] { 64, 128 })
            {
                foreach (bool positive in new[] { false, true })
                {
                    foreach (double spread in new[] { 1.0, 5.0, 25.0, 100.0 })
                    {
                        Error error = Measure(keys + dim, 48, keys, dim, dim, positive, spread);
                        Console.WriteLine(
                            $"{keys,-8} {dim,-4} {(positive ? "uniform [0, 1)" : "normal"),-18} {error.Logit,12:F1}   " +
                            $"{error.Relative,11:E1}   {error.Ulp,10:F1}   {error.LogSumExp,9:E1}");
                    }
                }
            }
        }
        var random = new Random(4);
        List<Error> all = [];
        for (int seed = 0; seed < 400; seed++)
            all.Add(Measure(seed, random.Next(1, 300), random.Next(1, 500), random.Next(1, 140), random.Next(1, 140), false, 1));
        Console.WriteLine(
            $"400 random shapes, normal, scale 1/sqrt(D): error / max at most {all.Max(e => e.Relative):E1}, " +
            $"median {all.Order(Comparer<Error>.Create((x, y) => x.Relative.CompareTo(y.Relative))).ElementAt(200).Relative:E1}; " +
            $"LSE error at most {all.Max(e => e.LogSumExp):E1}");
        return 0;
    }

    private static Error Measure(int seed, int rows, int keys, int dim, int valueDim, bool positive, double spread)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        using NativeBuffer q = Fill(rows * dim, Normal), k = Fill(keys * dim, Normal),
            v = Fill(keys * valueDim, () => positive ? random.NextDouble() : Normal());
        using var o = new NativeBuffer((nuint)(rows * valueDim * sizeof(float)));
        using var lse = new NativeBuffer((nuint)rows * sizeof(float));
        double scale = spread / Math.Sqrt(dim);
        using var head = new HeadAttention(CpuKernels.Best, keys, dim, valueDim);
        head.Pack(TensorRows.Dense(k.Floats, keys, dim), TensorRows.Dense(v.Floats, keys, valueDim));
        using NativeBuffer scratch = head.NewScratch();
        head.Compute(TensorRows.Dense(q.Floats, rows, dim), scale, MaskSet.None, .., o.Floats, lse.Floats, scratch);
        double error = 0, largest = 0, lseError = 0, logit = 0;
        var score = new double[keys];
        var expected = new double[valueDim];
        for (int row = 0; row < rows; row++)
        {
            double max = double.NegativeInfinity, sum = 0;
            for (int key = 0; key < keys; key++)
            {
                double s = 0;
                for (int d = 0; d < dim; d++)
                    s += (double)q.Floats[row * dim + d] * k.Floats[key * dim + d];
                max = Math.Max(max, score[key] = s * scale);
            }
            Array.Clear(expected);
            for (int key = 0; key < keys; key++)
            {
                double weight = Math.Exp(score[key] - max);
                sum += weight;
                for (int c = 0; c < valueDim; c++)
                    expected[c] += weight * v.Floats[key * valueDim + c];
            }
            for (int c = 0; c < valueDim; c++)
            {
                error = Math.Max(error, Math.Abs(expected[c] / sum - o.Floats[row * valueDim + c]));
                largest = Math.Max(largest, Math.Abs(expected[c] / sum));
            }
            lseError = Math.Max(lseError, Math.Abs(max + Math.Log(sum) - lse.Floats[row]));
            logit = Math.Max(logit, max);
        }
        double ulp = MathF.BitIncrement((float)largest) - (float)largest;
        return new Error(logit, error / largest, error / ulp, lseError);
    }

    private static NativeBuffer Fill(int count, Func<double> next)
    {
        var buffer = new NativeBuffer((nuint)count * sizeof(float));
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = (float)next();
        return buffer;
    }

    private readonly record struct Error(double Logit, double Relative, double Ulp, double LogSumExp);
}
