using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Distributed.Engine.Analytics;

/// <summary>Sums of weights in sixteen lanes, whatever the registers: the same bits on every machine.</summary>
internal static class LaneSum
{
    private const int Lanes = 16;

    /// <summary>The sum of a part of a tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="row">The first row, counted from the tile's.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="key">The first key, counted from the tile's.</param>
    /// <param name="keys">Keys.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Of(in WeightTile tile, int row, int rows, int key, int keys)
    {
        if (rows == tile.Rows.Count && keys == tile.Keys.Count)
            return tile.Columns.Total();
        Vector512<double> eight = Vector512<double>.Zero;
        double sum = 0;
        for (int i = row; i < row + rows; i++)
        {
            ReadOnlySpan<float> weights = tile.Row(i).Slice(key, keys);
            Vector512<float> lanes = Vector512<float>.Zero;
            foreach (Vector512<float> sixteen in MemoryMarshal.Cast<float, Vector512<float>>(weights))
                lanes += sixteen;
            eight += Vector512.WidenLower(lanes) + Vector512.WidenUpper(lanes);
            foreach (float weight in weights[(weights.Length & ~(Lanes - 1))..])
                sum += weight;
        }
        return Of(eight) + sum;
    }

    /// <summary>The sum of sixteen lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(Vector512<float> sixteen)
    {
        Vector256<float> eight = sixteen.GetLower() + sixteen.GetUpper();
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return four[0] + four[1] + (four[2] + four[3]);
    }

    /// <summary>The sums of four times sixteen lanes, each with the bits that it has alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> OfFour(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector128<float> ab = Two(Quarter(a), Quarter(b)), cd = Two(Quarter(c), Quarter(d));
        return Two(ab, cd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Two(Vector128<float> a, Vector128<float> b) => Pairs.Evens(a, b) + Pairs.Odds(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarter(Vector512<float> sixteen)
    {
        Vector256<float> eight = sixteen.GetLower() + sixteen.GetUpper();
        return eight.GetLower() + eight.GetUpper();
    }

    /// <summary>The sum of eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Of(Vector512<double> eight)
    {
        Vector256<double> four = eight.GetLower() + eight.GetUpper();
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }
}
