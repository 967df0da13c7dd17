using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Roofline;

/// <summary>What the machine can do at most: multiply-adds from registers, and bytes from memory.</summary>
public static unsafe class MachinePeak
{
    /// <summary>
    /// Rate of fused multiply-adds that depend on nothing but registers, on every one of some threads at the same time.
    /// </summary>
    /// <param name="threads">Threads that calculate, each on its own.</param>
    /// <param name="vectorBits">Width of the registers: 128, 256 or 512.</param>
    /// <param name="clock">What time is told by.</param>
    /// <param name="seconds">How long to measure.</param>
    /// <returns>Floating-point operations per second of all threads together; a multiply-add is two.</returns>
    public static double MultiplyAddRate(int threads, int vectorBits, WorkClock clock, double seconds = 0.02)
    {
        ArgumentNullException.ThrowIfNull(clock);
        const int rounds = 20_000;
        Func<int, float> loop = vectorBits switch
        {
            512 => Loop512,
            256 => Loop256,
            128 => Loop128,
            _ => throw new ArgumentOutOfRangeException(nameof(vectorBits), vectorBits, "Registers are 128, 256 or 512 bits wide."),
        };
        loop(rounds);
        var typical = new double[threads];
        Workers.Run(threads, thread =>
        {
            List<double> took = [];
            double begin = clock.Now, last = begin;
            while (last - begin < seconds)
            {
                loop(rounds);
                double now = clock.Now;
                took.Add(now - last);
                last = now;
            }
            took.Sort();
            typical[thread] = took[took.Count / 2];
        });
        return typical.Sum(each => 2.0 * Accumulators * (vectorBits / 32) * rounds / each);
    }

    /// <summary>Rate at which threads read memory that no cache holds, in bytes per second of all of them together.</summary>
    /// <param name="threads">Threads that read, each its own share.</param>
    /// <param name="bytes">Bytes read by all threads; several times the last cache.</param>
    public static double ReadBandwidth(int threads, long bytes = 512L << 20)
    {
        long share = bytes / threads / 4096 * 4096;
        using var memory = new NativeBuffer((nuint)(share * threads));
        new Span<byte>(memory.Pointer, 1).Clear();
        for (long at = 0; at < share * threads; at += 1 << 20)
            new Span<byte>(memory.Pointer + at, (int)Math.Min(1 << 20, share * threads - at)).Fill(1);
        double best = double.MaxValue;
        for (int repeat = 0; repeat < 3; repeat++)
        {
            WorkClock clock = WorkClock.Wall;
            double begin = clock.Now;
            Workers.Run(threads, thread => Read((float*)(memory.Pointer + thread * share), share / sizeof(float)));
            best = Math.Min(best, clock.Now - begin);
        }
        return share * threads / best;
    }

    // Ten independent sums: two pipes of four or five cycles' latency need no more, and 16 registers hold them.
    private const int Accumulators = 10;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Loop512(int rounds)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
        for (; rounds > 0; rounds--)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Loop256(int rounds)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
        for (; rounds > 0; rounds--)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y);
            b = Vector256.FusedMultiplyAdd(b, x, y);
            c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y);
            e = Vector256.FusedMultiplyAdd(e, x, y);
            f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y);
            h = Vector256.FusedMultiplyAdd(h, x, y);
            i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Loop128(int rounds)
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(0.001f);
        Vector128<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
        for (; rounds > 0; rounds--)
        {
            a = Vector128.FusedMultiplyAdd(a, x, y);
            b = Vector128.FusedMultiplyAdd(b, x, y);
            c = Vector128.FusedMultiplyAdd(c, x, y);
            d = Vector128.FusedMultiplyAdd(d, x, y);
            e = Vector128.FusedMultiplyAdd(e, x, y);
            f = Vector128.FusedMultiplyAdd(f, x, y);
            g = Vector128.FusedMultiplyAdd(g, x, y);
            h = Vector128.FusedMultiplyAdd(h, x, y);
            i = Vector128.FusedMultiplyAdd(i, x, y);
            j = Vector128.FusedMultiplyAdd(j, x, y);
        }
        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(float* from, long count)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        for (long at = 0; at + 32 <= count; at += 32)
        {
            a += Vector256.Load(from + at);
            b += Vector256.Load(from + at + 8);
            c += Vector256.Load(from + at + 16);
            d += Vector256.Load(from + at + 24);
        }
        GC.KeepAlive(Vector256.Sum(a + b + (c + d)));
    }
}
