using Distributed.Kernels.Cpu;

namespace Distributed.Kernels.States;

/// <summary>
/// What is summed over the weights of some query rows of one head while keys are folded into their state: as the state, it
/// is relative to a maximum that may rise from tile to tile. A tile's sums are F32, those over tiles F64.
/// </summary>
/// <param name="sums">Per row <see cref="SumsPerRow"/> numbers; all 0 before anything was seen.</param>
/// <param name="distances">Per row, how far its position lies behind the tile's first key.</param>
/// <param name="window">The largest distance that counts as inside the window.</param>
/// <param name="sinks">How many of the tile's keys, the first ones, count as sinks.</param>
public readonly unsafe struct RowStatistics(double* sums, float* distances, long window, int sinks)
{
    /// <summary>Numbers that are kept of a row while keys are folded.</summary>
    public const int SumsPerRow = 8;

    /// <summary>Numbers that come out of a row: as many as there are <see cref="RowStatistic"/> names.</summary>
    public const int ResultsPerRow = 7;

    private const double Log2E = 1.44269504088896340736, Ln2 = 0.69314718055994530942;

    // What the numbers of a row are, in order. Weights are 2^(score − reference).
    private const int Reference = 0, Weights = 1, Exponents = 2, Distances = 3, Squares = 4, Offsets = 5, Window = 6, Sinks = 7;

    /// <summary>How many keys of the tile are sinks.</summary>
    public int SinkKeys => sinks;

    /// <summary>How far the row's position lies behind the tile's first key.</summary>
    public float DistanceOf(int row) => distances[row];

    /// <summary>The keys of a tile, counted from its first, that lie in the row's window.</summary>
    public (int First, int End) WindowOf(int row, int keys)
    {
        var at = (long)distances[row];
        return ((int)Math.Clamp(at - window, 0, keys), (int)Math.Clamp(at + window + 1, 0, keys));
    }

    /// <summary>The same of other rows.</summary>
    public RowStatistics Slice(int first) => new(sums + (nint)first * SumsPerRow, distances + first, window, sinks);

    /// <summary>Adds what a tile gives to a row, after raising what is there to a new reference.</summary>
    /// <param name="row">The row.</param>
    /// <param name="reference">What the tile's weights are relative to; not below that of the tile before.</param>
    /// <param name="weights">Σ w.</param>
    /// <param name="exponents">Σ w · log2 w.</param>
    /// <param name="distance">Σ w · |distance|.</param>
    /// <param name="squares">Σ w · distance².</param>
    /// <param name="offsets">Σ w · (position − key).</param>
    /// <param name="inWindow">Σ w inside the window.</param>
    /// <param name="onSinks">Σ w on sinks.</param>
    internal void Add(
        int row, float reference, float weights, float exponents, float distance, float squares, float offsets,
        float inWindow, float onSinks)
    {
        double* of = sums + (nint)row * SumsPerRow;
        if (of[Weights] != 0 && of[Reference] != reference)
        {
            var rise = (float)(of[Reference] - reference);
            double keep = Exp2.Weight(rise);
            of[Exponents] += rise * of[Weights];
            for (int i = Weights; i <= Sinks; i++)
                of[i] *= keep;
        }
        of[Reference] = reference;
        of[Weights] += weights;
        of[Exponents] += exponents;
        of[Distances] += distance;
        of[Squares] += squares;
        of[Offsets] += offsets;
        of[Window] += inWindow;
        of[Sinks] += onSinks;
    }

    /// <summary>The final statistics of a row, in the order of <see cref="RowStatistic"/>; all 0 of a row that saw no key.</summary>
    /// <param name="sums">The row's numbers.</param>
    /// <param name="sink">The logit that joined the denominator, natural units; null = none.</param>
    /// <param name="results"><see cref="ResultsPerRow"/> numbers.</param>
    public static void Finish(ReadOnlySpan<double> sums, float? sink, Span<float> results)
    {
        results = results[..ResultsPerRow];
        results.Clear();
        if (sums[Weights] == 0)
            return;
        double all = sums[Weights] + (sink is { } logit ? Math.Pow(2, logit * Log2E - sums[Reference]) : 0);
        results[(int)RowStatistic.Entropy] = Canonical(
            Ln2 * (Math.Log2(all) * sums[Weights] - sums[Exponents]) / all, atLeast: 0);
        results[(int)RowStatistic.MaxWeight] = Canonical(double.IsNaN(sums[Weights]) ? double.NaN : 1 / all);
        results[(int)RowStatistic.Distance] = Canonical(sums[Distances] / all);
        results[(int)RowStatistic.DistanceRms] = Canonical(Math.Sqrt(sums[Squares] / all));
        results[(int)RowStatistic.Offset] = Canonical(sums[Offsets] / all);
        results[(int)RowStatistic.WindowMass] = Canonical(sums[Window] / all);
        results[(int)RowStatistic.SinkMass] = Canonical(sums[Sinks] / all);
    }

    // Rounding can leave a hair below 0 where one key has all the weight.
    private static float Canonical(double value, double atLeast = double.NegativeInfinity) =>
        double.IsNaN(value) ? float.NaN : (float)Math.Max(value, atLeast) + 0f;
}

/// <summary>The statistics of a row's attention weights w over the keys it sees; d = position − key.</summary>
public enum RowStatistic
{
    /// <summary>−Σ w ln w, in nats: e to its power is how many keys share the attention.</summary>
    Entropy,

    /// <summary>The largest weight.</summary>
    MaxWeight,

    /// <summary>Σ w |d|: how far the row looks.</summary>
    Distance,

    /// <summary>√Σ w d².</summary>
    DistanceRms,

    /// <summary>Σ w d: positive where it looks back, negative where it looks ahead.</summary>
    Offset,

    /// <summary>Σ w over |d| ≤ the window.</summary>
    WindowMass,

    /// <summary>Σ w over the first keys.</summary>
    SinkMass,
}
