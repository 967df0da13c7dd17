using System.Text.Json;
using Distributed.Cli.Tests.Process;

namespace Distributed.Cli.Tests.Commands;

public class DocumentCommandTests
{
    private static readonly string[] Written = ["out", "out/attention.png", "out/embeddings.safetensors", "out/links.json", "out/report.html"];

    [Fact]
    public async Task A_repeated_passage_is_found_and_told()
    {
        using var attend = new Attend();
        string[] lines = Lines(600);
        lines[520] = lines[30];
        File.WriteAllLines(attend["book.txt"], lines);

        Outcome outcome = (await attend.RunAsync("document", "book.txt", "-o", "out")).Succeeded();

        Assert.Contains(lines[30][..60], outcome.Output, StringComparison.Ordinal);
        Assert.Equal(["book.txt", .. Written], attend.Files);
        using JsonDocument links = JsonDocument.Parse(File.ReadAllBytes(attend["out/links.json"]));
        JsonElement passage = links.RootElement.GetProperty("passages")[30];
        Assert.Equal((30, 31), (passage.GetProperty("index").GetInt32(), passage.GetProperty("line").GetInt32()));
        Assert.Equal(lines[30], passage.GetProperty("text").GetString());
        JsonElement[] strongest = [.. passage.GetProperty("strongest").EnumerateArray()];
        Assert.Equal(10, strongest.Length);
        Assert.Equal(520, strongest[0].GetProperty("key").GetInt32());
        Assert.Equal([.. strongest.Select(Weight).OrderDescending()], [.. strongest.Select(Weight)]);
        Assert.NotEmpty(links.RootElement.GetProperty("links").EnumerateArray());
    }

    [Fact]
    public async Task Json_tells_lines_and_files()
    {
        using var attend = new Attend();
        File.WriteAllLines(attend["book.txt"], Lines(50));

        Outcome outcome = (await attend.RunAsync("document", "book.txt", "--json", "--unit", "words:10")).Succeeded();

        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.Equal("words:10", json.RootElement.GetProperty("unit").GetString());
        Assert.All(
            json.RootElement.GetProperty("files").EnumerateArray(), file => Assert.True(File.Exists(file.GetString())));
    }

    [Theory]
    [InlineData("missing.txt", "missing.txt")]
    [InlineData("empty.txt", "empty.txt")]
    [InlineData("binary.txt", "binary.txt")]
    [InlineData("book.txt --unit page", "page")]
    [InlineData("book.txt --unit words:0", "words:0")]
    [InlineData("book.txt --exclude -2", "-2")]
    [InlineData("book.txt --exclude near", "near")]
    [InlineData("book.txt --heads 0", "0")]
    [InlineData("book.txt --temperature 0", "0")]
    [InlineData("book.txt -o book.txt", "book.txt")]
    public async Task Bad_input_is_refused_in_one_sentence(string arguments, string says)
    {
        using var attend = new Attend();
        File.WriteAllLines(attend["book.txt"], Lines(20));
        File.WriteAllText(attend["empty.txt"], " \n\n");
        File.WriteAllBytes(attend["binary.txt"], [65, 0, 66, 10]);
        string[] before = [.. attend.Files];

        Outcome outcome = await attend.RunAsync(["document", .. arguments.Split(' ')]);

        Assert.True(outcome.ExitCode == 2, $"Exit code 2 was expected, {outcome.ExitCode} came: {outcome.Error}");
        Assert.Contains(says, Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(before, attend.Files);
    }

    [Fact]
    public async Task The_demo_needs_no_argument()
    {
        using var attend = new Attend();

        Outcome outcome = (await attend.RunAsync("demo")).Succeeded();

        Assert.Equal(
            ["attend-demo", "attend-demo/attention.png", "attend-demo/embeddings.safetensors", "attend-demo/links.json", "attend-demo/reference.txt", "attend-demo/report.html"],
            attend.Files);
        foreach (string told in new[] { "passages", "heads", "tiles", "GFLOP/s", "peak", "strongest links" })
            Assert.Contains(told, outcome.Output, StringComparison.Ordinal);
    }

    private static float Weight(JsonElement link) => link.GetProperty("weight").GetSingle();

    private static string[] Lines(int count)
    {
        var random = new Random(3);
        string[] words = [.. Enumerable.Range(0, 2000).Select(_ => string.Concat(
            Enumerable.Range(0, random.Next(3, 9)).Select(_ => (char)('a' + random.Next(26)))))];
        return [.. Enumerable.Range(0, count).Select(_ => string.Join(
            ' ', Enumerable.Range(0, 15).Select(_ => words[(int)(words.Length * Math.Pow(random.NextDouble(), 3))])))];
    }
}
