namespace Distributed.Engine.Tests.Reference;

/// <summary>Comparisons that fail in words.</summary>
internal static class Compare
{
    /// <summary>Largest error over the largest magnitude of the reference must not pass <paramref name="tolerance"/>.</summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double error = 0, largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (double.IsNaN(expected[i]) || double.IsInfinity(expected[i]))
            {
                Assert.True(
                    expected[i].Equals((double)actual[i]), $"{what}: element {i} is {actual[i]}, {expected[i]} expected.");
                continue;
            }
            Assert.True(float.IsFinite(actual[i]), $"{what}: element {i} is {actual[i]}, {expected[i]} expected.");
            error = Math.Max(error, Math.Abs(actual[i] - expected[i]));
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }
        Assert.True(
            error <= tolerance * largest, $"{what}: largest error {error:e2} of a largest value {largest:e2}; at most {tolerance:e1} of it is expected.");
    }

    /// <summary>Both must have the same bits.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                BitConverter.SingleToUInt32Bits(expected[i]) == BitConverter.SingleToUInt32Bits(actual[i]),
                $"{what}: element {i} is {actual[i]:g9}, but was {expected[i]:g9} before: the bits differ.");
        }
    }
}
