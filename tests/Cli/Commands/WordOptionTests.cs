using Distributed.Cli.Tests.Process;

namespace Distributed.Cli.Tests.Commands;

/// <summary>Options of two words take the word that follows them, as they take one behind a sign of equality.</summary>
public class WordOptionTests
{
    [Theory]
    [InlineData("--rope 100 --rope-pairs interleaved", "\"pairs\": \"interleaved\"")]
    [InlineData("--rope 100 --rope-pairs=interleaved", "\"pairs\": \"interleaved\"")]
    [InlineData("--mechanism linear --normalise none", "\"normalise\": \"none\"")]
    [InlineData("--mechanism linear --normalise=sum", "\"normalise\": \"sum\"")]
    public async Task A_word_is_taken_apart_from_its_option_too(string flags, string member)
    {
        using var attend = new Attend();
        Outcome printed = (await attend.RunAsync(["run", "in.safetensors", "-o", "out.safetensors", .. flags.Split(' '), "--print-spec"])).Succeeded();
        Assert.Contains(member, printed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rope 100 --rope-pairs both", "Rotary pairs 'both' are not known; half or interleaved is expected.")]
    [InlineData("--mechanism linear --normalise true", "Normalisation 'true' is not known; sum or none is expected.")]
    public async Task Another_word_is_refused_by_name(string flags, string says)
    {
        using var attend = new Attend();
        Outcome refused = await attend.RunAsync(["run", "in.safetensors", "-o", "out.safetensors", .. flags.Split(' '), "--print-spec"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(says, refused.Error, StringComparison.Ordinal);
    }
}
