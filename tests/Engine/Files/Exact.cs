namespace Distributed.Engine.Tests.Files;

/// <summary>Roundings worked out in float64, with no bit tricks.</summary>
internal static class Exact
{
    /// <summary>The nearest number with 8 significant bits, ties to even, within bfloat16's range.</summary>
    public static float RoundToBFloat16(float number)
    {
        const int SmallestExponent = -126;
        const int LargestExponent = 127;
        if (number == 0 || !float.IsFinite(number))
            return number;
        int exponent = Math.Max(Math.ILogB(number), SmallestExponent);
        double unit = Math.ScaleB(1, exponent - 7);
        double rounded = Math.Round(number / unit, MidpointRounding.ToEven) * unit;
        return Math.Abs(rounded) >= Math.ScaleB(1, LargestExponent + 1)
            ? float.CopySign(float.PositiveInfinity, number)
            : (float)rounded;
    }
}
