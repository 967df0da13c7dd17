namespace Distributed.Engine.Documents.Embedding;

/// <summary>
/// A logarithm from the operations that IEEE 754 rounds exactly. <see cref="Math.Log(double)"/> is the C library's, whose last bit
/// differs from one system to the next.
/// </summary>
internal static class StableMath
{
    private const double Ln2 = 0.69314718055994530942;
    private const double Sqrt2 = 1.41421356237309504880;
    private const int Terms = 12;

    /// <summary>ln <paramref name="x"/> for a normal x &gt; 0, to about 1e-15.</summary>
    /// <remarks>x = m · 2^e with m in [1/√2, √2]; ln m = 2 artanh z, z = (m − 1) / (m + 1), |z| &lt; 0.172.</remarks>
    public static double Ln(double x)
    {
        int exponent = Math.ILogB(x);
        double m = Math.ScaleB(x, -exponent);
        if (m > Sqrt2)
        {
            m /= 2;
            exponent++;
        }
        double z = (m - 1) / (m + 1), squared = z * z, series = 0;
        for (int k = Terms; k >= 0; k--)
            series = series * squared + 1.0 / (2 * k + 1);
        return exponent * Ln2 + 2 * z * series;
    }
}
