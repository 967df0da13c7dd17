using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Engine.Documents;
using Distributed.Engine.Documents.Sample;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;

namespace Distributed.Cli.Commands;

/// <summary><c>attend demo</c>: the whole path on a text that is on every machine that can build this.</summary>
internal static class DemoCommand
{
    /// <summary>Lines of the API reference: a book's worth, done in well under a minute on two cores.</summary>
    private const int Lines = 24_000;

    /// <summary>Members of one type follow one another and speak alike; links beyond them tell more.</summary>
    private const int Neighbourhood = 100;

    private const string TextFile = "reference.txt";

    private static readonly Option<string> Folder = new("--output", "-o")
    {
        Description = "Folder for the text and what is made of it. [default: attend-demo, here]",
        HelpName = "DIR",
        DefaultValueFactory = _ => "attend-demo",
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "demo", $"Shows what this does: exact attention over {Lines:N0} passages of the .NET API reference, which comes with every SDK.")
        {
            Folder, CommonOptions.Threads, CommonOptions.Json,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        bool json = parsed.GetValue(CommonOptions.Json);
        string text = SdkReference.Read(Lines);
        var standard = new DocumentOptions();
        DocumentOptions options = standard with
        {
            Exclude = Neighbourhood,
            Threads = parsed.GetValue(CommonOptions.Threads) ?? standard.Threads,
            OutputDirectory = parsed.GetRequiredValue(Folder),
        };
        options.Validate();
        double peak = MachinePeak.MultiplyAddRate(
            options.Threads, PeakShare.RegisterBits(CpuKernels.Best), WorkClock.Wall, seconds: 0.2);
        if (!json)
        {
            Console.WriteLine(
                "Every line of a long text becomes a passage, every passage a vector for each head, and every passage\n" +
                $"attends to every other but its {Neighbourhood} neighbours on each side: softmax(scale · q kᵀ) v, exactly, never storing the matrix.\n");
        }
        DocumentReport report = await ProgressDisplay.RunAsync(
            "demo", show: true,
            progress => DocumentJob.RunTextAsync(text, TextFile, options, DocumentSteps.To(progress), cancellation));
        string path = Path.Combine(Path.GetDirectoryName(report.Files[0])!, TextFile);
        await File.WriteAllTextAsync(path, text, cancellation);
        DocumentResult.Print(report, json);
        if (json)
            return;
        long pairs = (long)report.Passages.Count * report.Passages.Count * report.Attention.Shape.QueryHeads;
        Console.WriteLine($"wrote     {path}");
        Console.WriteLine();
        Console.WriteLine($"The attention matrix has {pairs:N0} weights; all were computed, none was stored.");
        Console.WriteLine(
            $"The rate is {report.Attention.FlopsPerSecond / peak:p0} of this machine's multiply-add peak of {peak / 1e9:f0} GFLOP/s on {options.Threads} threads.");
        Console.WriteLine("Look at report.html there, or try a text of your own: attend document FILE");
    }
}
