using System.Runtime.CompilerServices;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Linear;

/// <summary>Products in register tiles of six rows, or of two or one where six are not left, by one to four vectors.</summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">The strip of two vectors, or T where registers do not allow more.</typeparam>
/// <typeparam name="T3">The strip of three vectors, or T.</typeparam>
/// <typeparam name="T4">The strip of four vectors, or T.</typeparam>
/// <param name="maxVectors">Vectors in the widest strip.</param>
internal sealed unsafe class StripProducts<T, T2, T3, T4>(int maxVectors) : Products
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
    where T3 : struct, IStrip<T3>
    where T4 : struct, IStrip<T4>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(
        float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int steps)
    {
        var strips = new ColumnStrips(columns, maxVectors);
        for (int step = 0; step < steps; step += ChunkSteps, a += ChunkSteps * aStep, b += ChunkSteps * bRow)
        {
            int count = Math.Min(ChunkSteps, steps - step);
            for (int index = 0; index < strips.Count; index++)
            {
                ColumnStrip strip = strips[index];
                switch (strip.Vectors)
                {
                    case 1:
                        AddStrip<T>(a, aRow, aStep, b + strip.First, bRow, c + strip.First, cRow, rows, count);
                        break;
                    case 2:
                        AddStrip<T2>(a, aRow, aStep, b + strip.First, bRow, c + strip.First, cRow, rows, count);
                        break;
                    case 3:
                        AddStrip<T3>(a, aRow, aStep, b + strip.First, bRow, c + strip.First, cRow, rows, count);
                        break;
                    default:
                        AddStrip<T4>(a, aRow, aStep, b + strip.First, bRow, c + strip.First, cRow, rows, count);
                        break;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Turn(float* rows, int count, int dim, float* turned) => KeyPacking<T>.Panel(
        new RowStream(TensorRows.Dense(rows, count, FeatureRows.Padded(dim))), 0, FeatureSums.ChunkKeys, turned);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddStrip<TStrip>(
        float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int steps)
        where TStrip : struct, IStrip<TStrip>
    {
        for (; rows >= 6; rows -= 6, a += 6 * aRow, c += 6 * cRow)
            Six<TStrip>(a, aRow, aStep, b, bRow, c, cRow, steps);
        for (; rows >= 2; rows -= 2, a += 2 * aRow, c += 2 * cRow)
            Two<TStrip>(a, aRow, aStep, b, bRow, c, cRow, steps);
        if (rows == 1)
            One<TStrip>(a, aStep, b, bRow, c, steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six<TStrip>(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int steps)
        where TStrip : struct, IStrip<TStrip>
    {
        TStrip s0 = TStrip.Zero, s1 = TStrip.Zero, s2 = TStrip.Zero, s3 = TStrip.Zero, s4 = TStrip.Zero, s5 = TStrip.Zero;
        float* a3 = a + 3 * aRow;
        for (; steps > 0; steps--, a += aStep, a3 += aStep, b += bRow)
        {
            TStrip of = TStrip.Load(b);
            s0 = TStrip.MultiplyAdd(*a, of, s0);
            s1 = TStrip.MultiplyAdd(a[aRow], of, s1);
            s2 = TStrip.MultiplyAdd(a[2 * aRow], of, s2);
            s3 = TStrip.MultiplyAdd(*a3, of, s3);
            s4 = TStrip.MultiplyAdd(a3[aRow], of, s4);
            s5 = TStrip.MultiplyAdd(a3[2 * aRow], of, s5);
        }
        AddTo(c, s0);
        AddTo(c + cRow, s1);
        AddTo(c + 2 * cRow, s2);
        AddTo(c + 3 * cRow, s3);
        AddTo(c + 4 * cRow, s4);
        AddTo(c + 5 * cRow, s5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TStrip>(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int steps)
        where TStrip : struct, IStrip<TStrip>
    {
        TStrip s0 = TStrip.Zero, s1 = TStrip.Zero;
        for (; steps > 0; steps--, a += aStep, b += bRow)
        {
            TStrip of = TStrip.Load(b);
            s0 = TStrip.MultiplyAdd(*a, of, s0);
            s1 = TStrip.MultiplyAdd(a[aRow], of, s1);
        }
        AddTo(c, s0);
        AddTo(c + cRow, s1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TStrip>(float* a, nint aStep, float* b, nint bRow, float* c, int steps)
        where TStrip : struct, IStrip<TStrip>
    {
        TStrip sum = TStrip.Zero;
        for (; steps > 0; steps--, a += aStep, b += bRow)
            sum = TStrip.MultiplyAdd(*a, TStrip.Load(b), sum);
        AddTo(c, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo<TStrip>(float* c, TStrip sum)
        where TStrip : struct, IStrip<TStrip> => TStrip.Store(TStrip.Add(TStrip.Load(c), sum), c);
}
