namespace Distributed.Engine.Pictures;

/// <summary>A logarithmic scale of colours.</summary>
/// <param name="Lowest">Logarithm to base 10 of the value that has the darkest colour.</param>
/// <param name="HighestPower">Power of ten that has the lightest colour; above the lowest.</param>
public readonly record struct LogScale(double Lowest, int HighestPower)
{
    /// <summary>Decades shown at most: more would leave too few shades for each.</summary>
    private const int MostDecades = 6;

    /// <summary>Share of the positive values that may be as dark as none: they are the ground on which the others stand.</summary>
    private const double Ground = 0.25;

    /// <summary>
    /// The scale for some values: its top is the power of ten at or above the largest. Its bottom is the value that a
    /// quarter of the positive ones stay below, but at least one decade and at most six under the top.
    /// </summary>
    public static LogScale For(ReadOnlySpan<float> values)
    {
        var positive = new List<float>(values.Length);
        foreach (float value in values)
        {
            if (value > 0 && float.IsFinite(value))
                positive.Add(value);
        }
        if (positive.Count == 0)
            return new LogScale(-1, 0);
        positive.Sort();
        int top = (int)Math.Ceiling(Math.Log10(positive[^1]));
        double ground = Math.Log10(positive[(int)(positive.Count * Ground)]);
        return new LogScale(Math.Clamp(ground, top - MostDecades, top - 1), top);
    }

    /// <summary>Powers of ten on the scale, ascending.</summary>
    public IEnumerable<int> Powers => Enumerable.Range(LowestPower, HighestPower - LowestPower + 1);

    private int LowestPower => (int)Math.Ceiling(Lowest);

    /// <summary>Where a value stands: 0 at the bottom, 1 at the top. Zero and below stand at the bottom.</summary>
    public double Position(double value) =>
        value > 0 ? Math.Clamp((Math.Log10(value) - Lowest) / (HighestPower - Lowest), 0, 1) : 0;
}
