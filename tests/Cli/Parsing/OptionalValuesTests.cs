using Distributed.Cli.Parsing;

namespace Distributed.Cli.Tests.Parsing;

public class OptionalValuesTests
{
    [Theory]
    [InlineData("run --causal in.safetensors", "run --causal=top-left in.safetensors")]
    [InlineData("run in.safetensors --causal", "run in.safetensors --causal=top-left")]
    [InlineData("run --causal --lse", "run --causal=top-left --lse")]
    [InlineData("run --causal bottom-right x", "run --causal bottom-right x")]
    [InlineData("run --causal -17 x", "run --causal -17 x")]
    [InlineData("run --causal middle", "run --causal middle")]
    [InlineData("run --causal=3", "run --causal=3")]
    [InlineData("run -- --causal", "run -- --causal")]
    public void A_bare_option_gets_its_value(string given, string expected) =>
        Assert.Equal(expected.Split(' '), OptionalValues.Expand(given.Split(' ')));
}
