using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Each key's sum and largest weight over bands of <see cref="BandRows"/> rows of a tile: the first sink that asks makes them
/// while the tile is in the first-level cache, and the others have them.
/// </summary>
internal sealed unsafe class TileColumns
{
    /// <summary>Rows of a band, the last one may have fewer.</summary>
    public const int BandRows = 16;

    /// <summary>Vectors of 16 keys in the widest tile.</summary>
    public const int MostVectors = WeightPass.TileKeys / Lanes;

    private const int Lanes = 16, Four = 4 * Lanes, MostBands = (WeightPass.TileRows + BandRows - 1) / BandRows;
    private const uint Infinity = 0x7F800000;

    private readonly float[] _sums = new float[MostBands * WeightPass.TileKeys];

    // As whole numbers: weights are not below 0, so they stand in the same order, and a NaN, of either sign, is above all.
    private readonly uint[] _largest = new uint[MostBands * WeightPass.TileKeys];
    private bool _made;

    /// <summary>Bands of the tile.</summary>
    public int Bands { get; private set; }

    /// <summary>Vectors of 16 keys, zeros behind the tile's last.</summary>
    public int Vectors { get; private set; }

    /// <summary>Another tile comes.</summary>
    public void Forget() => _made = false;

    /// <summary>These of a tile.</summary>
    public TileColumns Of(in WeightTile tile)
    {
        if (!_made)
            Make(tile);
        _made = true;
        return this;
    }

    /// <summary>Sums of sixteen keys over some bands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Sums(int vector, int band, int endBand)
    {
        Vector512<float> sums = At(_sums, band, vector);
        while (++band < endBand)
            sums += At(_sums, band, vector);
        return sums;
    }

    /// <summary>
    /// The largest weight (NaN if any is NaN) and the sum, as <see cref="LaneSum"/> has it, of each sixteen keys over some bands;
    /// four of them are brought down to one number each together.
    /// </summary>
    /// <param name="band">The first band.</param>
    /// <param name="endBand">The band behind the last.</param>
    /// <param name="largest"><see cref="MostVectors"/> numbers, 0 behind the tile's last key.</param>
    /// <param name="sums">As many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AcrossLanes(int band, int endBand, Span<float> largest, Span<float> sums)
    {
        for (int vector = 0; vector < MostVectors; vector += 4)
        {
            LaneSum.OfFour(
                Sums(vector, band, endBand), Sums(vector + 1, band, endBand), Sums(vector + 2, band, endBand), Sums(vector + 3, band, endBand))
                .CopyTo(sums[vector..]);
            Vector128<uint> four = Largest(
                Quarter(vector, band, endBand), Quarter(vector + 1, band, endBand), Quarter(vector + 2, band, endBand),
                Quarter(vector + 3, band, endBand));
            Vector128.ConditionalSelect(
                Vector128.GreaterThan(four, Vector128.Create(Infinity)).AsSingle(), Vector128.Create(float.NaN), four.AsSingle())
                .CopyTo(largest[vector..]);
        }
    }

    // The largest of sixteen keys over some bands, four lanes left of them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<uint> Quarter(int vector, int band, int endBand)
    {
        Vector512<uint> sixteen = At(_largest, band, vector);
        while (++band < endBand)
            sixteen = Vector512.Max(sixteen, At(_largest, band, vector));
        Vector256<uint> eight = Vector256.Max(sixteen.GetLower(), sixteen.GetUpper());
        return Vector128.Max(eight.GetLower(), eight.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Largest(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d)
    {
        Vector128<float> ab = Pairs.Evens(a.AsSingle(), b.AsSingle()), abOdd = Pairs.Odds(a.AsSingle(), b.AsSingle());
        Vector128<float> cd = Pairs.Evens(c.AsSingle(), d.AsSingle()), cdOdd = Pairs.Odds(c.AsSingle(), d.AsSingle());
        Vector128<float> first = Vector128.Max(ab.AsUInt32(), abOdd.AsUInt32()).AsSingle();
        Vector128<float> second = Vector128.Max(cd.AsUInt32(), cdOdd.AsUInt32()).AsSingle();
        return Vector128.Max(Pairs.Evens(first, second).AsUInt32(), Pairs.Odds(first, second).AsUInt32());
    }

    /// <summary>The largest weight of the tile, NaN if any is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Largest()
    {
        Vector512<uint> sixteen = default;
        for (int band = 0; band < Bands; band++)
        {
            for (int vector = 0; vector < Vectors; vector++)
                sixteen = Vector512.Max(sixteen, At(_largest, band, vector));
        }
        return Largest(sixteen);
    }

    /// <summary>The sum of the tile's weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Total()
    {
        Vector512<double> eight = default;
        for (int vector = 0; vector < Vectors; vector++)
        {
            Vector512<float> sums = Sums(vector, 0, Bands);
            eight += Vector512.WidenLower(sums) + Vector512.WidenUpper(sums);
        }
        return LaneSum.Of(eight);
    }

    // Four vectors side by side: one alone would wait for itself from row to row. A key keeps to its own lane, so the width
    // of registers changes no bit.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Make(in WeightTile tile)
    {
        int keys = tile.Keys.Count, stride = tile.RowStride;
        Bands = (tile.Rows.Count + BandRows - 1) / BandRows;
        Vectors = (keys + Lanes - 1) / Lanes;
        for (int band = 0; band < Bands; band++)
        {
            float* first = tile.Start + (nint)band * BandRows * stride;
            int rows = Math.Min(BandRows, tile.Rows.Count - band * BandRows), key = 0;
            Span<float> sums = _sums.AsSpan(band * WeightPass.TileKeys, WeightPass.TileKeys);
            Span<uint> largest = _largest.AsSpan(band * WeightPass.TileKeys, WeightPass.TileKeys);
            for (; key + Four <= keys; key += Four)
            {
                float* at = first + key;
                Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
                Vector512<uint> max0 = default, max1 = default, max2 = default, max3 = default;
                for (int row = 0; row < rows; row++, at += stride)
                {
                    Take(at, ref sum0, ref max0);
                    Take(at + Lanes, ref sum1, ref max1);
                    Take(at + 2 * Lanes, ref sum2, ref max2);
                    Take(at + 3 * Lanes, ref sum3, ref max3);
                }
                sum0.CopyTo(sums[key..]);
                sum1.CopyTo(sums[(key + Lanes)..]);
                sum2.CopyTo(sums[(key + 2 * Lanes)..]);
                sum3.CopyTo(sums[(key + 3 * Lanes)..]);
                max0.CopyTo(largest[key..]);
                max1.CopyTo(largest[(key + Lanes)..]);
                max2.CopyTo(largest[(key + 2 * Lanes)..]);
                max3.CopyTo(largest[(key + 3 * Lanes)..]);
            }
            sums[key..].Clear();
            largest[key..].Clear();
            for (; key < keys; key++)
            {
                for (int row = 0; row < rows; row++)
                {
                    float weight = first[(nint)row * stride + key];
                    sums[key] += weight;
                    largest[key] = Math.Max(largest[key], BitConverter.SingleToUInt32Bits(weight));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(float* at, ref Vector512<float> sum, ref Vector512<uint> max)
    {
        Vector512<float> weight = Vector512.Load(at);
        sum += weight;
        max = Vector512.Max(max, weight.AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<TNumber> At<TNumber>(TNumber[] numbers, int band, int vector) =>
        Vector512.Create<TNumber>(numbers.AsSpan(band * WeightPass.TileKeys + vector * Lanes, Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector512<uint> sixteen)
    {
        Vector256<uint> eight = Vector256.Max(sixteen.GetLower(), sixteen.GetUpper());
        Vector128<uint> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        uint largest = Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3]));
        return largest > Infinity ? float.NaN : BitConverter.UInt32BitsToSingle(largest);
    }
}
