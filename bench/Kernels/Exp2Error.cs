using Distributed.Kernels.Cpu;

namespace Distributed.Kernels.Benchmarks;

/// <summary>The largest error of the kernels' exp2 over every float from −126 to 0, against float64.</summary>
internal static class Exp2Error
{
    public static int Run()
    {
        int last = BitConverter.SingleToInt32Bits(-126f), first = BitConverter.SingleToInt32Bits(-0f);
        const int parts = 256;
        var worst = new (double Ulp, float At)[parts];
        Parallel.For(0, parts, part =>
        {
            for (long bits = first + part; bits <= last; bits += parts)
            {
                float x = BitConverter.Int32BitsToSingle((int)bits);
                double expected = Math.Pow(2, x), error = Math.Abs(Exp2.Scalar(x) - expected);
                float nearest = (float)expected;
                double ulp = error / (MathF.BitIncrement(nearest) - nearest);
                if (ulp > worst[part].Ulp)
                    worst[part] = (ulp, x);
            }
        });
        (double ulps, float at) = worst.MaxBy(each => each.Ulp);
        Console.WriteLine($"exp2 over all {(long)last - first + 1} floats in [-126, 0]: at most {ulps:F3} ulp, at {at:R}");
        return 0;
    }
}
