using System.CommandLine;
using Distributed.Cli.Clusters;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine.Documents;
using Distributed.Engine.Documents.Embedding;

namespace Distributed.Cli.Commands;

/// <summary><c>attend document</c>: a text in, who attends to whom out.</summary>
internal static class DocumentCommand
{
    private static readonly Argument<string> Text = new("file") { Description = "A UTF-8 text." };

    private static readonly Option<string?> Folder = new("--output", "-o")
    {
        Description = "Folder for links.json, attention.png, report.html and embeddings.safetensors. [default: the file's name without its ending + -attention, here]",
        HelpName = "DIR",
    };

    private static readonly Option<PassageUnit?> Unit = Parsers.Of<PassageUnit?>(
        "--unit", "line|sentence|paragraph|words:N", "Where the text is cut into passages. [default: line]",
        text => PassageUnit.Parse(text));

    private static readonly Option<long?> Exclude = Parsers.Of(
        "--exclude", "N",
        "A passage does not attend to passages at this distance or less, itself among them; -1 = to all. [default: 1]",
        Parsers.Whole<long>("Exclude"));

    private static readonly Option<int?> Heads = Parsers.Of(
        "--heads", "N", $"Attention heads. [default: {new EmbeddingOptions().Heads}]", Parsers.Whole<int>("Heads"));

    private static readonly Option<int?> HeadSize = Parsers.Of(
        "--head-size", "N", $"Elements of a head's vector. [default: {new EmbeddingOptions().HeadDim}]",
        Parsers.Whole<int>("Head size"));

    private static readonly Option<double?> Temperature = Parsers.Of(
        "--temperature", "F",
        $"Factor on the cosine of two passages: higher = more for the strongest links. [default: {new DocumentOptions().Temperature}]",
        Parsers.Number("Temperature"));

    private static readonly Option<int?> Links = Parsers.Of(
        "--links", "N", $"Strongest links of the whole document to report. [default: {new DocumentOptions().Links}]",
        Parsers.Whole<int>("Links"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "document",
            "Lets every passage of a text attend to every other, and tells which belong together.\n\nExamples:\n" +
            "  attend document book.txt\n" +
            "  attend document book.txt -o out --unit paragraph --exclude 5")
        {
            Text, Folder, Unit, Exclude, Heads, HeadSize, Temperature, Links, CommonOptions.Blocks, CommonOptions.Threads, CommonOptions.Cluster,
            CommonOptions.Json,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string text = parsed.GetRequiredValue(Text);
        DocumentOptions options = Options(parsed, text);
        DocumentReport report = await ProgressDisplay.RunAsync(
            "document", show: true,
            progress => DocumentJob.RunAsync(text, options, DocumentSteps.To(progress), cancellation));
        DocumentResult.Print(report, parsed.GetValue(CommonOptions.Json));
    }

    private static DocumentOptions Options(ParseResult parsed, string text)
    {
        var standard = new DocumentOptions();
        string folder = parsed.GetValue(Folder) ?? Path.GetFileNameWithoutExtension(text) + "-attention";
        return standard with
        {
            Unit = parsed.GetValue(Unit) ?? standard.Unit,
            Exclude = parsed.GetValue(Exclude) ?? standard.Exclude,
            Embedding = new EmbeddingOptions
            {
                Heads = parsed.GetValue(Heads) ?? standard.Embedding.Heads,
                HeadDim = parsed.GetValue(HeadSize) ?? standard.Embedding.HeadDim,
            },
            Temperature = parsed.GetValue(Temperature) ?? standard.Temperature,
            Links = parsed.GetValue(Links) ?? standard.Links,
            Blocks = parsed.GetValue(CommonOptions.Blocks) ?? standard.Blocks,
            Threads = parsed.GetValue(CommonOptions.Threads) ?? standard.Threads,
            OutputDirectory = folder,
            Runner = parsed.GetValue(CommonOptions.Cluster) is { } silos
                ? new ClusterAttention(silos, Path.GetFullPath(folder))
                : standard.Runner,
        };
    }
}
