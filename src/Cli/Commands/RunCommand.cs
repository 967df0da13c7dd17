using System.CommandLine;
using Distributed.Cli.Clusters;
using Distributed.Cli.Output;
using Distributed.Client;
using Distributed.Engine;
using Distributed.Engine.Devices;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Commands;

/// <summary><c>attend run</c>: tensors in, attention out.</summary>
internal static class RunCommand
{
    private static readonly JobOptions Job = new();

    private static readonly Option<bool> PrintSpecification = new("--print-spec")
    {
        Description = "Print the job as a JSON specification for --spec, and run nothing.",
    };

    private static readonly Option<bool> PrintSchema = new("--print-schema")
    {
        Description = "Print the JSON schema of specifications, and run nothing.",
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "run",
            "Computes softmax(scale · q kᵀ) v exactly.\n\nExamples:\n" +
            "  attend run qkv.safetensors -o out.safetensors --causal --lse\n" +
            "  attend run --q q.npy --k k.npy --v v.npy -o o.npy --window 4096,0 --dtype f16\n" +
            "  attend run qkv.safetensors -o out.safetensors --cluster http://127.0.0.1:8470\n" +
            "  attend run qkv.safetensors -o out.safetensors --causal --documents 0,120,1248 --print-spec");
        Job.AddTo(command);
        command.Add(PrintSpecification);
        command.Add(PrintSchema);
        command.Add(CommonOptions.Cluster);
        command.Add(CommonOptions.Json);
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(PrintSchema))
        {
            Console.Out.WriteLine(SpecificationDocument.Schema());
            return;
        }
        FileJobSpecification job = Job.Specification(parsed, needsOutput: true);
        if (parsed.GetValue(PrintSpecification))
        {
            job.Validate();
            Console.Out.WriteLine(SpecificationDocument.Write(job));
            return;
        }
        if (parsed.GetValue(CommonOptions.Cluster) is { } silos)
        {
            if (parsed.GetValue(CommonOptions.Threads) is { } threads)
                throw new InputException($"--threads {threads} and --cluster exclude one another: each silo has threads of its own.");
            if (job.Options.Device != default)
                throw new InputException($"Device {job.Options.Device} and --cluster exclude one another: each silo has a device of its own.");
            JobStatus done = await ProgressDisplay.RunAsync(
                "attention", show: true, progress => ClusterRun.RunAsync(job, silos, progress, cancellation));
            ClusterRunReport.Print(job, done, parsed.GetValue(CommonOptions.Json));
            return;
        }
        // Whoever asks for a device sees what became of that before a job of hours, not behind it.
        if (parsed.GetResult(CommonOptions.Device) is { Implicit: false })
            await Console.Error.WriteLineAsync(DeviceLookup.Describe(DeviceLookup.Find(job.Options.Device)));
        JobReport report = await ProgressDisplay.RunAsync(
            "attention", show: true, progress => FileJob.RunAsync(job, progress, cancellation));
        if (parsed.GetValue(CommonOptions.Json))
        {
            using Stream to = Console.OpenStandardOutput();
            RunReport.WriteJson(to, job, report);
        }
        else
        {
            RunReport.WriteText(Console.Out, job, report);
        }
    }
}
