using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Values as the register tiles read them: <c>[strip, key, width]</c>.</summary>
/// <typeparam name="T">The lanes.</typeparam>
internal static unsafe class ValuePacking<T>
    where T : struct, ILanes<T>
{
    /// <summary>Keys whose values are read before the next strip's columns of the same keys.</summary>
    private const int BlockKeys = 32;

    private const int Lanes = Arithmetic.Lanes;

    /// <summary>Packs them; columns that are not there are 0, and NaN becomes <see cref="float.NaN"/>.</summary>
    /// <returns>Whether all are finite.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Pack(TensorRows values, ColumnStrips strips, float* destination)
    {
        float* rows = stackalloc float[BlockKeys * strips.Columns];
        bool inPlace = Packing.InPlace(values);
        var stream = new RowStream(values);
        int bytes = values.Dim * sizeof(float);
        // Nothing but NaN and infinity times 0 is not 0.
        T poison = T.Zero;
        for (int key = 0; key < values.Count; key += BlockKeys)
        {
            int count = Math.Min(BlockKeys, values.Count - key);
            float* from = rows;
            nint apart = strips.Columns;
            if (inPlace)
            {
                from = (float*)values.Row(key);
                apart = values.StrideInBytes / sizeof(float);
                byte* ahead = stream.AheadOf(key);
                for (int row = 0; row < count; row++, ahead += values.StrideInBytes)
                    Ahead.FetchRow(ahead, bytes);
            }
            else
            {
                Packing.ReadRows(values, key, count, rows, strips.Columns);
            }
            for (int index = 0; index < strips.Count; index++)
            {
                ColumnStrip strip = strips[index];
                float* to = destination + (nint)strip.First * values.Count + (nint)key * strip.Width;
                poison = strip.Vectors switch
                {
                    1 => Copy(from + strip.First, apart, to, Lanes, count, poison),
                    2 => Copy(from + strip.First, apart, to, 2 * Lanes, count, poison),
                    3 => Copy(from + strip.First, apart, to, 3 * Lanes, count, poison),
                    _ => Copy(from + strip.First, apart, to, 4 * Lanes, count, poison),
                };
            }
        }
        return !T.AnyNonFinite(poison);
    }

    // Called with constants for the width, so that there is no loop over columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Copy(float* from, nint apart, float* to, int width, int keys, T poison)
    {
        for (; keys > 0; keys--, from += apart, to += width)
        {
            poison = Copy(from, to, poison);
            if (width > Lanes)
                poison = Copy(from + Lanes, to + Lanes, poison);
            if (width > 2 * Lanes)
                poison = Copy(from + 2 * Lanes, to + 2 * Lanes, poison);
            if (width > 3 * Lanes)
                poison = Copy(from + 3 * Lanes, to + 3 * Lanes, poison);
        }
        return poison;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Copy(float* from, float* to, T poison)
    {
        T lanes = T.Load(from);
        T.Store(T.CanonicalNaN(lanes), to);
        return T.FusedMultiplyAdd(lanes, T.Zero, poison);
    }
}
