using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Sixteen keys of F16 or BF16 where they lie. Two neighbouring elements are transposed as one number of 32 bits, which
/// halves the transposing, and become two F32 numbers behind it.
/// </summary>
internal static unsafe class PairedRows
{
    private const int Lanes = Arithmetic.Lanes, Block = 2 * Lanes;

    /// <summary>Whether rows can be read so: whole vectors of pairs, on a machine that widens them in one register.</summary>
    public static bool Readable(in TensorRows rows) =>
        Avx512F.IsSupported && rows.Type != ElementType.F32 && rows.Dim % Block == 0 && rows.StrideInBytes % sizeof(float) == 0;

    /// <summary>Writes sixteen keys as <c>[dim, width]</c>, a key to a lane.</summary>
    /// <typeparam name="T">The lanes.</typeparam>
    /// <param name="stream">All keys.</param>
    /// <param name="key">The first of the sixteen.</param>
    /// <param name="width">Numbers from one element to the next.</param>
    /// <param name="destination">Where to write.</param>
    public static void Turn<T>(in RowStream stream, int key, int width, float* destination)
        where T : struct, ILanes<T>
    {
        if (stream.Rows.Type == ElementType.BF16)
            Turn<T, BF16Elements>(stream, key, width, destination);
        else
            Turn<T, F16Elements>(stream, key, width, destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Turn<T, TElements>(in RowStream stream, int key, int width, float* destination)
        where T : struct, ILanes<T>
        where TElements : struct, IPairedElements
    {
        TensorRows keys = stream.Rows;
        float* pairs = stackalloc float[Lanes * Lanes];
        nint apart = keys.StrideInBytes / sizeof(float);
        int blocks = keys.Dim / Block, bytes = keys.Dim * TElements.Size;
        byte* ahead = stream.AheadOf(key);
        var of = (float*)keys.Row(key);
        for (int block = 0, row = 0; block < blocks; block++)
        {
            for (; row * blocks < (block + 1) * Lanes; row++, ahead += keys.StrideInBytes)
                Ahead.FetchRow(ahead, bytes);
            T.Transpose(of + block * Lanes, apart, pairs, Lanes);
            for (int pair = 0; pair < Lanes; pair++, destination += 2 * width)
            {
                Vector512<uint> both = Vector512.Load((uint*)pairs + pair * Lanes);
                TElements.First(both).Store(destination);
                TElements.Second(both).Store(destination + width);
            }
        }
    }
}
