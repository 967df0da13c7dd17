namespace Distributed.Kernels.Cpu;

/// <summary>The numbers that are part of the arithmetic itself: another value gives other bits (docs/kernels.md).</summary>
internal static class Arithmetic
{
    /// <summary>log2(e): scores are in base 2.</summary>
    public const double Log2E = 1.44269504088896340736;

    /// <summary>Lanes of the sum of weights: lane = key mod 16.</summary>
    public const int Lanes = 16;

    /// <summary>
    /// Elements of a query and a key whose products are summed from 0 before that sum is added to the score's.
    /// </summary>
    public const int ChunkElements = 32;

    /// <summary>
    /// Keys of a span whose weighted values are summed from 0 before that sum is added to the span's. Short sums keep
    /// the error of long sequences down.
    /// </summary>
    public const int ChunkKeys = 128;

    /// <summary>What scores are taken relative to: the maximum, or 0 where no key was seen.</summary>
    public static float Shift(float max) => float.IsNegativeInfinity(max) ? 0f : max;
}
