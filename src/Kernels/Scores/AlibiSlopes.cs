namespace Distributed.Kernels.Scores;

/// <summary>The slopes of ALiBi (Press, Smith and Lewis, "Train Short, Test Long", 2022).</summary>
public static class AlibiSlopes
{
    /// <summary>
    /// The standard slopes: for a power of two of heads 2^(−8/n), 2^(−16/n), …; otherwise those of the next lower power
    /// of two, followed by every other one of twice that.
    /// </summary>
    public static float[] Standard(int heads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        int power = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads + 1) / 2;
        return [.. Enumerable.Range(0, heads).Select(head => (float)(head < power
            ? Math.Pow(2, -8.0 * (head + 1) / power)
            : Math.Pow(2, -4.0 * (2 * (head - power) + 1) / power)))];
    }
}
