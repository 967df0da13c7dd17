namespace Distributed.Kernels.Rows;

/// <summary>The frequencies of rotary embeddings, and how they are stretched for sequences longer than trained on.</summary>
public static class RotaryFrequencies
{
    /// <summary>base^(−2i / dims) for pair i.</summary>
    public static double[] Plain(double @base, int dims) =>
        [.. Enumerable.Range(0, dims / 2).Select(i => Math.Pow(@base, -2.0 * i / dims))];

    /// <summary>Position interpolation (Chen et al., 2023): positions divided by the factor.</summary>
    public static double[] Linear(double @base, int dims, double factor) =>
        [.. Plain(@base, dims).Select(frequency => frequency / factor)];

    /// <summary>NTK-aware scaling (bloc97, 2023): base · factor^(dims / (dims − 2)).</summary>
    public static double[] Ntk(double @base, int dims, double factor) =>
        Plain(@base * Math.Pow(factor, dims / (dims - 2.0)), dims);

    /// <summary>
    /// YaRN (Peng et al., "YaRN: Efficient Context Window Extension", 2023, section 3.2, β = 32 and 1): fast pairs keep their
    /// frequency, slow ones are interpolated, a ramp between.
    /// </summary>
    /// <param name="base">The base.</param>
    /// <param name="dims">Elements turned.</param>
    /// <param name="factor">How many times longer.</param>
    /// <param name="trained">Positions trained on.</param>
    public static double[] Yarn(double @base, int dims, double factor, long trained)
    {
        double PairOf(double turns) => dims * Math.Log(trained / (turns * 2 * Math.PI)) / (2 * Math.Log(@base));
        double low = Math.Max(Math.Floor(PairOf(32)), 0), high = Math.Min(Math.Ceiling(PairOf(1)), dims - 1);
        double width = high == low ? 0.001 : high - low;
        return [.. Plain(@base, dims).Select((frequency, i) =>
        {
            double ramp = Math.Clamp((i - low) / width, 0, 1);
            return frequency / factor * ramp + frequency * (1 - ramp);
        })];
    }

    /// <summary>YaRN's attention factor on queries and keys each: 0.1 ln(factor) + 1.</summary>
    public static double YarnFactor(double factor) => factor <= 1 ? 1 : 0.1 * Math.Log(factor) + 1;
}
