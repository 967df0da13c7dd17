using Distributed.Engine.Documents.Sample;

namespace Distributed.Engine.Tests.Documents.Sample;

public class SdkReferenceTests
{
    [Fact]
    public void Is_a_long_text_of_one_line_for_each_member()
    {
        string[] lines = SdkReference.Read(20_000).TrimEnd('\n').Split('\n');

        Assert.Equal(20_000, lines.Length);
        Assert.All(lines, line => Assert.Matches("^[^ ]+: [^<>`]", line));
        Assert.Contains(lines, line => line.StartsWith("String.Split: Splits a string", StringComparison.Ordinal));
    }

    [Fact]
    public void Is_the_same_every_time() => Assert.Equal(SdkReference.Read(3000), SdkReference.Read(3000));
}
