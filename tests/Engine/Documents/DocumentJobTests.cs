using System.Text.Json;
using Distributed.Engine.Documents;
using Distributed.Engine.Files;

namespace Distributed.Engine.Tests.Documents;

public sealed class DocumentJobTests : IDisposable
{
    private static readonly string[] FileNames = ["attention.png", "embeddings.safetensors", "links.json", "report.html"];

    private readonly string _folder = Directory.CreateTempSubdirectory("document-").FullName;

    private string Output => Path.Combine(_folder, "made", "here");

    [Fact]
    public async Task Planted_parallels_come_out_on_top()
    {
        var book = new SyntheticBook(seed: 11, passages: 5000, verbatim: 60, edited: 140);
        DocumentReport report = await Run(string.Join('\n', book.Passages));
        Assert.Equal(1.0, Recall(report, book.Parallels.Where(pair => !pair.Edited)));
        Assert.InRange(Recall(report, book.Parallels.Where(pair => pair.Edited)), 0.97, 1.0);

        HashSet<(int, int)> planted = book.Parallels.Select(pair => (pair.Original, pair.Repeat)).ToHashSet();
        Assert.All(report.Links, link => Assert.Contains(
            (Math.Min(link.Query, link.Key), Math.Max(link.Query, link.Key)), planted));
    }

    [Fact]
    public async Task Parallel_verses_of_a_real_book_find_each_other()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Documents", "kings-and-isaiah.txt");
        DocumentReport report = await DocumentJob.RunAsync(
            path, new DocumentOptions { Threads = 2 }, cancellation: TestContext.Current.CancellationToken);
        Dictionary<string, int> verses = report.Passages.ToDictionary(
            passage => passage.Text.Split(' ')[0], passage => passage.Index);

        // 2 Kings 18:17-37 is Isaiah 36:2-22, verse by verse; 2 Kings 19:1-37 is Isaiah 37:1-38.
        IEnumerable<(int, int, bool)> parallels = Enumerable.Range(17, 21)
            .Select(verse => (verses[$"2Ki18:{verse}"], verses[$"Isa36:{verse - 15}"], false))
            .Concat(Enumerable.Range(1, 14).Select(verse => (verses[$"2Ki19:{verse}"], verses[$"Isa37:{verse}"], false)));
        Assert.Equal(1.0, Recall(report, parallels));
    }

    [Fact]
    public async Task The_files_say_what_the_report_says()
    {
        var book = new SyntheticBook(seed: 2, passages: 150, verbatim: 10);
        DocumentReport report = await Run("\n\n" + string.Join("\n\n", book.Passages), Output);
        Assert.Equal(FileNames, Directory.EnumerateFiles(Output).Select(path => Path.GetFileName(path)!).Order());
        Assert.Equal(FileNames, report.Files.Select(path => Path.GetFileName(path)!).Order());

        using JsonDocument links = JsonDocument.Parse(File.ReadAllText(Path.Combine(Output, "links.json")));
        Assert.Equal(["passages", "links"], links.RootElement.EnumerateObject().Select(property => property.Name));
        JsonElement[] passages = links.RootElement.GetProperty("passages").EnumerateArray().ToArray();
        Assert.Equal(150, passages.Length);
        for (int i = 0; i < passages.Length; i++)
        {
            Assert.Equal(i, passages[i].GetProperty("index").GetInt32());
            Assert.Equal(3 + 2 * i, passages[i].GetProperty("line").GetInt32());
            Assert.Equal(book.Passages[i], passages[i].GetProperty("text").GetString());
            Assert.Equal(
                report.Strongest[i].ToArray().Select(link => (link.Key, link.Weight)),
                passages[i].GetProperty("strongest").EnumerateArray().Select(
                    link => (link.GetProperty("key").GetInt32(), link.GetProperty("weight").GetSingle())));
        }
        Assert.Equal(
            report.Links.Select(link => (link.Query, link.Key, link.Weight)),
            links.RootElement.GetProperty("links").EnumerateArray().Select(link => (
                link.GetProperty("query").GetInt32(), link.GetProperty("key").GetInt32(),
                link.GetProperty("weight").GetSingle())));

        using TensorFile tensors = TensorFile.Open(Path.Combine(Output, "embeddings.safetensors"));
        Assert.Equal(
            ["embeddings [1, 4, 150, 128]", "lse [1, 4, 150]", "output [1, 4, 150, 128]"],
            tensors.Tensors.Select(tensor => $"{tensor.Name} [{string.Join(", ", tensor.Shape)}]").Order());
        byte[] png = File.ReadAllBytes(Path.Combine(Output, "attention.png"));
        Assert.Equal("PNG", System.Text.Encoding.ASCII.GetString(png, 1, 3));
    }

    [Fact]
    public async Task The_report_needs_nothing_but_itself_and_shows_both_texts_of_every_link()
    {
        string[] lines = [.. Enumerable.Range(0, 60).Select(i => $"<script>alert({i % 30})</script> & \"passage\" number {i % 30 * 11} of the house {i % 30 * 7}")];
        DocumentReport report = await Run(string.Join('\n', lines), Output);

        string page = File.ReadAllText(Path.Combine(Output, "report.html"));

        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(File.ReadAllBytes(Path.Combine(Output, "attention.png"))), page, StringComparison.Ordinal);
        Assert.NotEmpty(report.Links);
        string decoded = System.Net.WebUtility.HtmlDecode(page);
        Assert.All(report.Links, link => Assert.Contains($"<p>{report.Passages[link.Query].Text}</p></div><div><p class=\"line\">line {link.Key + 1} is attended to</p><p>{report.Passages[link.Key].Text}</p>", decoded, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_files_hang_neither_on_threads_nor_on_blocks_and_replace_earlier_ones()
    {
        string text = string.Join('\n', new SyntheticBook(seed: 4, passages: 1300, verbatim: 20).Passages);
        await Run(text, Output, threads: 1);
        byte[][] first = FileNames.Select(name => File.ReadAllBytes(Path.Combine(Output, name))).ToArray();
        await Run(text, Output, threads: 3, blocks: 2);
        Assert.Equal(FileNames, Directory.EnumerateFiles(Output).Select(path => Path.GetFileName(path)!).Order());
        for (int i = 0; i < FileNames.Length; i++)
            Assert.Equal(first[i], File.ReadAllBytes(Path.Combine(Output, FileNames[i])));
    }

    [Theory]
    [InlineData("only one passage", 1)]
    [InlineData("one\ntwo", 1)]
    [InlineData("one\ntwo\nthree", long.MaxValue)]
    public async Task A_document_in_which_nothing_is_seen_has_no_links(string text, long exclude)
    {
        DocumentReport report = await Run(text, Output, exclude: exclude);
        Assert.All(report.Passages, passage => Assert.Equal(0, report.Strongest[passage.Index].Length));
        Assert.Empty(report.Links);
        Assert.Equal(0, report.Matrix.Max(0, 0));
        Assert.True(File.Exists(Path.Combine(Output, "attention.png")));
        Assert.Contains("\"strongest\":[]", File.ReadAllText(Path.Combine(Output, "links.json")));
    }

    [Fact]
    public async Task Without_exclusion_a_passage_attends_to_itself_most()
    {
        DocumentReport report = await Run("red apples fall\nblue pears rise\ngreen figs stay", exclude: -1);
        Assert.All(report.Passages, passage => Assert.Equal(passage.Index, report.Strongest[passage.Index][0].Key));
    }

    [Fact]
    public async Task Two_passages_far_enough_apart_link()
    {
        DocumentReport report = await Run("one and two\none and two", exclude: 0);
        Assert.Equal((0, 1), (report.Links.Single().Query, report.Links.Single().Key));
        Assert.Equal(1f, report.Links.Single().Weight, 1e-5f);
    }

    [Theory]
    [InlineData(-2, 20, 4)]
    [InlineData(1, 0, 4)]
    [InlineData(1, double.NaN, 4)]
    [InlineData(1, 20, 0)]
    public async Task An_option_out_of_range_is_refused_before_any_work(long exclude, double temperature, int heads)
    {
        var options = new DocumentOptions
        {
            Exclude = exclude,
            Temperature = temperature,
            OutputDirectory = Output,
            Embedding = new() { Heads = heads },
        };
        await Assert.ThrowsAsync<InputException>(() => DocumentJob.RunTextAsync("a\nb", "text", options));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_cancelled_job_leaves_nothing_behind()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Watcher(at =>
        {
            if (at.Phase == DocumentPhase.Links)
                stop.Cancel();
        });
        string text = string.Join('\n', new SyntheticBook(seed: 4, passages: 1500).Passages);
        var options = new DocumentOptions { OutputDirectory = Output, Threads = 2 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DocumentJob.RunTextAsync(text, "text", options, progress, stop.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_cancelled_job_leaves_earlier_files_as_they_were()
    {
        await Run("one\ntwo\nthree", Output);
        byte[] before = File.ReadAllBytes(Path.Combine(Output, "links.json"));
        var options = new DocumentOptions { OutputDirectory = Output };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DocumentJob.RunTextAsync("four\nfive", "text", options, null, new CancellationToken(true)));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Output, "links.json")));
        Assert.Equal(FileNames, Directory.EnumerateFiles(Output).Select(path => Path.GetFileName(path)!).Order());
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_refused()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        var error = await Assert.ThrowsAsync<InputException>(() => Run("a\nb", Path.Combine(file, "inside")));
        Assert.Contains("inside", error.Message);
    }

    [Fact]
    public async Task A_name_that_is_taken_by_a_folder_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(Output, "embeddings.safetensors"));
        await Assert.ThrowsAsync<InputException>(() => Run("a\nb\nc", Output));
        Assert.Empty(Directory.EnumerateFiles(Output));
    }

    [Fact]
    public async Task The_input_is_not_replaced_by_an_output()
    {
        string input = Path.Combine(_folder, "links.json");
        File.WriteAllText(input, "a\nb\nc");
        await Assert.ThrowsAsync<InputException>(
            () => DocumentJob.RunAsync(input, new DocumentOptions { OutputDirectory = _folder }));
        Assert.Equal([input], Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Progress_only_grows_and_ends_at_1()
    {
        var seen = new List<double>();
        var options = new DocumentOptions { Threads = 1, OutputDirectory = Output };
        string text = string.Join('\n', new SyntheticBook(seed: 4, passages: 1100).Passages);
        await DocumentJob.RunTextAsync(
            text, "text", options, new Watcher(at => seen.Add(at.Done)), TestContext.Current.CancellationToken);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(1.0, seen[^1], 1e-9);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static double Recall(DocumentReport report, IEnumerable<(int Original, int Repeat, bool Edited)> pairs)
    {
        bool[] found = pairs.SelectMany(pair => new[] { (pair.Original, pair.Repeat), (pair.Repeat, pair.Original) })
            .Select(pair => report.Strongest[pair.Item1].ToArray().Take(3).Any(link => link.Key == pair.Item2)).ToArray();
        return found.Count(hit => hit) / (double)found.Length;
    }

    private static Task<DocumentReport> Run(
        string text, string? output = null, long exclude = 1, int threads = 2, int blocks = 1) =>
        DocumentJob.RunTextAsync(
            text, "text",
            new DocumentOptions { OutputDirectory = output, Exclude = exclude, Threads = threads, Blocks = blocks },
            cancellation: TestContext.Current.CancellationToken);

    private sealed class Watcher(Action<DocumentProgress> see) : IProgress<DocumentProgress>
    {
        public void Report(DocumentProgress value) => see(value);
    }
}
