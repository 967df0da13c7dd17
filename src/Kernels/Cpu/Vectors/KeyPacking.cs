using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Keys as the register tiles read them: panels of <c>[dim, width]</c>, a key to a lane.</summary>
/// <typeparam name="T">The lanes.</typeparam>
internal static unsafe class KeyPacking<T>
    where T : struct, ILanes<T>
{
    /// <summary>
    /// All keys, panel after panel; keys and elements that are not there are 0, and NaN becomes <see cref="float.NaN"/>
    /// (<see cref="Exp2"/> counts on it).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(TensorRows keys, int width, float* destination)
    {
        nint panel = (nint)Packing.PaddedDim(keys.Dim) * width;
        var stream = new RowStream(keys);
        for (int key = 0; key < keys.Count; key += width, destination += panel)
        {
            Panel(stream, key, width, destination);
            for (nint i = 0; i < panel; i += Arithmetic.Lanes)
                T.Store(T.CanonicalNaN(T.Load(destination + i)), destination + i);
        }
    }

    /// <summary>One panel, whose NaNs stay as they are.</summary>
    /// <param name="stream">All keys.</param>
    /// <param name="first">The panel's first key.</param>
    /// <param name="width">Keys of a panel.</param>
    /// <param name="destination">Where to write; it is written to the end.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panel(in RowStream stream, int first, int width, float* destination)
    {
        TensorRows keys = stream.Rows;
        bool inPlace = Packing.InPlace(keys), inPairs = PairedRows.Readable(keys);
        for (int lane = 0; lane < width; lane += Arithmetic.Lanes)
        {
            bool whole = first + lane + Arithmetic.Lanes <= keys.Count;
            if (whole && inPlace)
                Turn(stream, first + lane, width, destination + lane);
            else if (whole && inPairs)
                PairedRows.Turn<T>(stream, first + lane, width, destination + lane);
            else
                Read(keys, first + lane, width, destination + lane);
        }
    }

    // Sixteen keys where they lie.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(in RowStream stream, int key, int width, float* destination)
    {
        TensorRows keys = stream.Rows;
        nint apart = keys.StrideInBytes / sizeof(float);
        var of = (float*)keys.Row(key);
        int blocks = keys.Dim / Arithmetic.Lanes, bytes = keys.Dim * sizeof(float);
        byte* ahead = stream.AheadOf(key);
        for (int block = 0, row = 0; block < blocks; block++)
        {
            // A block is a line of each of 16 rows, in which no prefetcher of a processor sees a stream.
            for (; row * blocks < (block + 1) * Arithmetic.Lanes; row++, ahead += keys.StrideInBytes)
                Ahead.FetchRow(ahead, bytes);
            T.Transpose(of + block * Arithmetic.Lanes, apart, destination, width);
            destination += Arithmetic.Lanes * width;
        }
    }

    // Sixteen keys of any type, or fewer.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(in TensorRows keys, int key, int width, float* destination)
    {
        int dim = Packing.PaddedDim(keys.Dim);
        int wide = Packing.Round16(dim);
        float* rows = stackalloc float[Arithmetic.Lanes * wide];
        Packing.ReadRows(keys, key, Arithmetic.Lanes, rows, wide);
        int d = 0;
        for (; d + Arithmetic.Lanes <= dim; d += Arithmetic.Lanes)
            T.Transpose(rows + d, wide, destination + (nint)d * width, width);
        if (d == dim)
            return;
        float* block = stackalloc float[Arithmetic.Lanes * Arithmetic.Lanes];
        T.Transpose(rows + d, wide, block, Arithmetic.Lanes);
        for (; d < dim; d++, block += Arithmetic.Lanes)
            T.Store(T.Load(block), destination + (nint)d * width);
    }
}
