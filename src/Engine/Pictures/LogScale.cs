namespace Distributed.Engine.Pictures;

/// <summary>A logarithmic scale from a power of ten to a power of ten.</summary>
/// <param name="LowestPower">Power of ten that has the darkest colour.</param>
/// <param name="HighestPower">Power of ten that has the lightest colour; above the lowest.</param>
public readonly record struct LogScale(int LowestPower, int HighestPower)
{
    /// <summary>Decades shown at most: more would leave too few shades for each.</summary>
    private const int MostDecades = 6;

    /// <summary>
    /// The scale for some values: its top is the power of ten at or above the largest; its bottom the one at or below the
    /// lower quartile of the positive ones, so that the common background is dark and what stands out of it is light, but
    /// not more than six decades under the top.
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
        int bottom = (int)Math.Floor(Math.Log10(positive[(positive.Count - 1) / 4]));
        return new LogScale(Math.Clamp(bottom, top - MostDecades, top - 1), top);
    }

    /// <summary>Where a value stands: 0 at the bottom, 1 at the top. Zero and below stand at the bottom.</summary>
    public double Position(float value) =>
        value > 0 ? Math.Clamp((Math.Log10(value) - LowestPower) / (HighestPower - LowestPower), 0, 1) : 0;
}
