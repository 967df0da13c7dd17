using System.Text;
using Distributed.Engine.Documents;

namespace Distributed.Engine.Tests.Documents;

public sealed class PassagesTests
{
    private static string Cut(string text, string unit) => string.Join(
        '|', Passages.Cut(text, PassageUnit.Parse(unit), "text").Select(passage => $"{passage.Line}:{passage.Text}"));

    [Theory]
    [InlineData("one\ntwo\n", "1:one|2:two")]
    [InlineData("one\r\ntwo\r\n\r\nthree", "1:one|2:two|4:three")]
    [InlineData("one\rtwo", "1:one|2:two")]
    [InlineData("\n \t\n  one \t two  \n", "3:one two")]
    [InlineData("one\r\n\n\rtwo", "1:one|4:two")]
    public void Lines_are_numbered_from_1_and_blank_ones_give_no_passage(string text, string expected) =>
        Assert.Equal(expected, Cut(text, "line"));

    [Theory]
    [InlineData("One. Two! \"Three?\" Four", "1:One.|1:Two!|1:\"Three?\"|1:Four")]
    [InlineData("It is 3.5 at 3 p.m. sharp. Then", "1:It is 3.5 at 3 p.m. sharp.|1:Then")]
    [InlineData("He said, \"No.\" She left.\nThe end\n\nnext", "1:He said, \"No.\"|1:She left.|2:The end|4:next")]
    [InlineData("One is\nlong. Two\r\nis too.\n\nThree. (Four.)", "1:One is long.|2:Two is too.|5:Three.|5:(Four.)")]
    [InlineData("Ends here.\nStarts here.", "1:Ends here.|2:Starts here.")]
    [InlineData("你好。再见！", "1:你好。|1:再见！")]
    [InlineData("What?! Yes... And", "1:What?!|1:Yes...|1:And")]
    public void Sentences_end_at_a_mark_before_a_capital(string text, string expected) =>
        Assert.Equal(expected, Cut(text, "sentence"));

    [Fact]
    public void Paragraphs_end_at_blank_lines() =>
        Assert.Equal("2:a b. C|5:d|8:e f", Cut("\na\n b. C\n\nd\n  \n\r\ne\nf", "paragraph"));

    [Fact]
    public void Words_are_counted_over_line_ends() =>
        Assert.Equal("1:a b c|2:d e f|4:g", Cut("a b\nc d  e\n\n f g", "words:3"));

    [Theory]
    [InlineData("")]
    [InlineData("words:")]
    [InlineData("words:0")]
    [InlineData("words:-1")]
    [InlineData("words:1e3")]
    [InlineData("words:99999999999")]
    [InlineData("chapter")]
    public void An_unknown_unit_is_named_in_the_error(string unit)
    {
        var error = Assert.Throws<InputException>(() => PassageUnit.Parse(unit));
        Assert.Contains($"'{unit}'", error.Message);
        Assert.EndsWith(" was expected.", error.Message);
    }

    [Theory]
    [InlineData("line")]
    [InlineData("sentence")]
    [InlineData("paragraph")]
    [InlineData("words:7")]
    public void A_unit_prints_as_it_is_read(string unit) => Assert.Equal(unit, PassageUnit.Parse(unit).ToString());

    [Theory]
    [InlineData("line")]
    [InlineData("sentence")]
    [InlineData("paragraph")]
    [InlineData("words:5")]
    public void A_text_without_a_passage_is_refused(string unit)
    {
        var error = Assert.Throws<InputException>(() => Cut(" \n\t\r\n", unit));
        Assert.Contains("'text' holds nothing but white space", error.Message);
    }

    [Fact]
    public void A_byte_order_mark_is_not_text() =>
        Assert.Equal("one", TextFile.Decode(Encoding.UTF8.Preamble.ToArray().Concat("one"u8.ToArray()).ToArray(), "f"));

    [Theory]
    [InlineData(new byte[0], "is empty")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF }, "is empty")]
    [InlineData(new byte[] { (byte)'a', 0, (byte)'b' }, "is binary (byte 2 is NUL)")]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', 0xC3, (byte)'(' }, "is not UTF-8 on line 2")]
    [InlineData(new byte[] { (byte)'a', 0xE2, 0x82 }, "is not UTF-8 on line 1")]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'a', 0 }, "begins with a UTF-16 byte order mark")]
    public void What_is_not_a_text_is_refused(byte[] bytes, string says)
    {
        var error = Assert.Throws<InputException>(() => TextFile.Decode(bytes, "f.bin"));
        Assert.Contains($"'f.bin' {says}", error.Message);
    }

    [Fact]
    public void A_missing_file_and_a_directory_are_refused()
    {
        string missing = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => TextFile.Read(missing)).Message);
        Assert.Contains("is a directory", Assert.Throws<InputException>(() => TextFile.Read(Path.GetTempPath())).Message);
    }
}
