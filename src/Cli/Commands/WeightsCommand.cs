using System.CommandLine;
using System.Globalization;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine;
using Distributed.Engine.Analytics;
using Distributed.Engine.Atlas;
using Distributed.Engine.Compute;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Commands;

/// <summary><c>attend weights</c>: the exact attention weights of a rectangle of the matrix.</summary>
internal static class WeightsCommand
{
    private static readonly JobOptions Job = new();

    private static readonly Option<(long, long)?> Rows = Parsers.Of<(long, long)?>(
        "--rows", "FIRST:END", "Query rows, from the first to behind the last.", text => Lists.Range(text, "Rows"));

    private static readonly Option<(long, long)?> Keys = Parsers.Of<(long, long)?>(
        "--keys", "FIRST:END", "Keys, from the first to behind the last.", text => Lists.Range(text, "Keys"));

    private static readonly Option<string> Of = new("--of")
    {
        Description = "The matrix: a head's number, or mean or max of the heads.",
        HelpName = "HEAD|mean|max",
        DefaultValueFactory = _ => "0",
    };

    private static readonly Option<int?> Batch = Parsers.Of("--batch", "N", "Batch entry. [default: 0]", Parsers.Whole<int>("Batch entry"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "weights",
            "Writes exact attention weights of any rectangle of the matrix, of a job that has run or that never will.\n\nExamples:\n" +
            "  attend weights qkv.safetensors --causal --rows 1000:1004 --keys 990:1004 --of mean\n" +
            "  attend weights out.safetensors --rows 0:512 --keys 0:512 -o w.npy      # out: of attend run --lse or --analytics\n" +
            "  attend weights book-attention --rows 5:6 --keys 0:100                  # of attend document");
        Job.AddTo(command);
        foreach (Option option in new Option[] { Rows, Keys, Of, Batch })
            command.Add(option);
        command.Add(CommonOptions.Json);
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        (long First, long End) rows = parsed.GetValue(Rows) ?? throw new InputException("There are no rows: give --rows FIRST:END.");
        (long First, long End) keys = parsed.GetValue(Keys) ?? throw new InputException("There are no keys: give --keys FIRST:END.");
        using AtlasSubject subject = Subject(parsed, out FileJobSpecification job);
        AttentionPlane plane = Plane(parsed.GetRequiredValue(Of), parsed.GetValue(Batch) ?? 0, subject.Weights);
        WeightRectangle.Check(subject.Weights.Shape, rows, keys);
        ComputePool pool = ComputePool.Shared(job.Options.ThreadsHere());
        float[] lse = await subject.LogSumExpAsync(rows, pool, cancellation);
        float[] weights = await WeightRectangle.ReadAsync(subject.Weights, lse, plane, rows, keys, pool, cancellation);
        if (job.Output.Length > 0)
        {
            using TensorFileWriter writer = TensorFileWriter.Create(
                job.Output, [new TensorSpec("weights", ElementType.F32, rows.End - rows.First, keys.End - keys.First)], inputs: job.Inputs.All.Where(File.Exists));
            writer["weights"].Write(0, weights);
            writer.Commit();
            Console.WriteLine($"wrote     {job.Output}");
            return;
        }
        if (parsed.GetValue(CommonOptions.Json))
            WeightsTable.WriteJson(weights, rows, keys);
        else
            WeightsTable.WriteText(Console.Out, weights, rows, keys);
    }

    // What a job left says which job it was; anything else is the input of a job that the options describe.
    private static AtlasSubject Subject(ParseResult parsed, out FileJobSpecification job)
    {
        job = Job.Specification(parsed, needsOutput: false);
        FileJobSpecification asked = job with { Output = "", WithLogSumExp = false, Analytics = null };
        if (Job.HasSpecification(parsed))
        {
            // Its output is the job's own, and not to be replaced.
            job = asked;
            return AtlasSubject.Open(asked, "job");
        }
        if (job.WithLogSumExp || job.QkOutput is not null || job.Analytics is not null || job.Options.RowStatistics is not null || job.OutputType != ElementType.F32)
            throw new InputException("attend weights writes weights alone, as F32: --lse, --qk-output, --analytics and --dtype have no meaning here.");
        if (job.Inputs.Together is not { } path || !(Directory.Exists(path) || IsFinished(path)))
            return AtlasSubject.Open(asked, "job");
        return Job.SaysWhatJob(parsed) is { } other
            ? throw new InputException($"{other.Name} and the finished job '{path}' exclude one another: the job is what it was.")
            : AtlasSubject.Open(path);
    }

    private static bool IsFinished(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        return file.Metadata.ContainsKey(FinishedJob.MetadataKey) || file.Find("embeddings") is not null;
    }

    private static AttentionPlane Plane(string text, int batch, JobWeights weights)
    {
        if (batch < 0 || batch >= weights.Shape.Batch)
            throw new InputException($"Batch entry {batch} is not there; 0 to {weights.Shape.Batch - 1} is expected.");
        if (text is "mean" or "max")
            return new AttentionPlane(batch, text == "mean" ? HeadAggregation.Mean : HeadAggregation.Max);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int head) && head < weights.Shape.QueryHeads
            ? new AttentionPlane(batch, HeadAggregation.Each, head)
            : throw new InputException($"Head '{text}' is not there; 0 to {weights.Shape.QueryHeads - 1}, mean or max is expected.");
    }
}
