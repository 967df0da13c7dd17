using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Plan;

namespace Distributed.Cli.Commands;

/// <summary><c>attend plan</c>: what a job would do, without doing it.</summary>
internal static class PlanCommand
{
    private static readonly JobOptions Job = new();

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "plan",
            "Shows what attend run would do with the same options: masks, tiles skipped, cost, memory. Computes nothing.\n\n" +
            "Examples:\n  attend plan qkv.safetensors --causal --window 4096,0\n  attend plan --spec job.json --json");
        Job.AddTo(command);
        command.Add(CommonOptions.Json);
        command.SetAction((parsed, _) => Complaint.GuardAsync(() => Run(parsed)));
        return command;
    }

    private static Task Run(ParseResult parsed)
    {
        FileJobSpecification job = Job.Specification(parsed, needsOutput: false);
        using JobFiles files = JobFiles.Open(job);
        job.Analytics?.ValidateFor(files.Input.Shape);
        JobPlan plan = JobPlan.Create(files.Input, job.Options);
        if (parsed.GetValue(CommonOptions.Json))
        {
            using Stream to = Console.OpenStandardOutput();
            PlanReport.WriteJson(to, plan, job);
        }
        else
        {
            PlanReport.WriteText(Console.Out, plan, job);
        }
        return Task.CompletedTask;
    }
}
