using Distributed.Engine.Documents.Embedding;

namespace Distributed.Engine.Tests.Documents.Embedding;

public sealed class FoldedTextTests
{
    [Theory]
    [InlineData("The LORD's house, and", " the lords house and ")]
    [InlineData("Él está aquí; façade", " el esta aqui facade ")]
    [InlineData("e\u0301te\u0301 \uFF21\uFF22\uFF13", " ete ab3 ")]
    [InlineData("Łódź đường ø", " lodz duong o ")]
    [InlineData("Ελλάδα МИР", " ελλάδα мир ")]
    [InlineData("你好 world", " 你 好 world ")]
    [InlineData("* * *", " * * * ")]
    [InlineData("rock 'n' roll '", " rock n roll ")]
    [InlineData("😀 smile", " 😀 smile ")]
    public void Words_are_folded_with_one_space_around_each(string passage, string expected)
    {
        var text = new FoldedText();
        text.Set("an earlier passage that is rather longer than the next one");
        text.Set(passage);
        Assert.Equal(expected, text.Text.ToString());
        string[] words = Enumerable.Range(0, text.Words).Select(word => text.Word(word).ToString()).ToArray();
        Assert.Equal(expected.Trim(), string.Join(' ', words));
    }

    [Fact]
    public void A_passage_longer_than_any_before_fits()
    {
        var text = new FoldedText();
        text.Set(string.Concat(Enumerable.Repeat("字", 5000)));
        Assert.Equal(5000, text.Words);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.69314718055994530942)]
    [InlineData(31103, 10.345059556537576)]
    [InlineData(1.0000001, 9.999999505838704e-08)]
    public void The_own_logarithm_is_the_logarithm(double x, double ln) =>
        Assert.Equal(ln, StableMath.Ln(x), 1e-15 * Math.Max(1, ln));
}
