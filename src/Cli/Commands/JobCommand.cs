using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Cli.Servers;
using Distributed.Client;
using Distributed.Engine;

namespace Distributed.Cli.Commands;

/// <summary><c>attend job</c>: jobs on a server.</summary>
internal static class JobCommand
{
    private const int MostListed = 10_000;

    private static readonly Argument<string> Specification = new("specification")
    {
        Description = "A job's JSON specification: a file, or - for standard input. attend run --print-spec makes one; inputs are tensor:NAME, document:NAME or file:/PATH on the server.",
    };

    private static readonly Argument<Guid> Id = Parsers.Argument("job", "The job's id.", text => Guid.TryParse(text, out Guid id)
        ? id
        : throw new InputException($"Job '{text}' is not an id; one that 'attend job list' prints is expected."));

    private static readonly Option<string?> Name = Parsers.Of<string?>("--name", "NAME", "What to call the job, or the name to list.", text => text);

    private static readonly Option<int?> Priority = Parsers.Of("--priority", "N", "Higher ones go first, -100 to 100. [default: 0]", Parsers.Whole<int>("Priority"));

    private static readonly Option<string?> Key = Parsers.Of<string?>(
        "--idempotency-key", "KEY", "What tells a repetition of this command from another job.", text => text);

    private static readonly Option<bool> Watch = new("--watch") { Description = "Follow the job to its end." };

    private static readonly Option<string?> State = Parsers.Of<string?>("--state", "STATE,...", "List jobs in these states alone.", text => text);

    private static readonly Option<int?> Limit = Parsers.Of("--limit", "N", $"List so many at most, up to {MostListed}. [default: 100]", Parsers.Whole<int>("Limit"));

    private static readonly Option<string?> To = new("--output", "-o")
    {
        Description = "Where to put the file. [default: its name, here]",
        HelpName = "FILE",
    };

    private static readonly Option<string?> File = Parsers.Of<string?>("--file", "NAME", "Which of the job's files. [default: all of them]", text => text);

    /// <summary>The command.</summary>
    public static Command Create() => new(
        "job",
        "Jobs on a server. A key is taken from ATTEND_KEY in the environment.\n\nExamples:\n" +
        "  attend tensor put qkv.safetensors\n" +
        "  echo '{\"version\":1,\"input\":\"tensor:qkv.safetensors\",\"causal\":\"top-left\"}' | attend job submit - --watch\n" +
        "  attend job fetch 01a1f92b-5bba-7353-9cf5-f6ed9b00dadf -o out.safetensors")
    {
        ServerCommand.Of("submit", "Hands in a job, and prints its id.", SubmitAsync, Specification, Name, Priority, Key, Watch, CommonOptions.Json),
        ServerCommand.Of("list", "Lists jobs, the youngest first.", ListAsync, State, Name, Limit, CommonOptions.Json),
        ServerCommand.Of("watch", "Follows a job to its end; exit code 1 unless it finishes.", WatchAsync, Id, CommonOptions.Json),
        ServerCommand.Of("pause", "Saves a job and stops it until it is resumed.", (parsed, client, stop) => ShowAsync(parsed, client.PauseAsync(parsed.GetValue(Id), stop)), Id, CommonOptions.Json),
        ServerCommand.Of("resume", "Puts a paused job into the queue again.", (parsed, client, stop) => ShowAsync(parsed, client.ResumeAsync(parsed.GetValue(Id), stop)), Id, CommonOptions.Json),
        ServerCommand.Of("cancel", "Ends a job without a result.", (parsed, client, stop) => ShowAsync(parsed, client.CancelAsync(parsed.GetValue(Id), stop)), Id, CommonOptions.Json),
        ServerCommand.Of("fetch", "Downloads what a job has made.", FetchAsync, Id, File, To),
        ServerCommand.Of("rm", "Removes a job that has ended, with the files that the server keeps of it.", RemoveAsync, Id),
    };

    private static async Task SubmitAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        string specification = await ReadAsync(parsed.GetRequiredValue(Specification), stop);
        JobStatus job = await client.SubmitAsync(
            specification,
            new SubmitOptions { Name = parsed.GetValue(Name), Priority = parsed.GetValue(Priority) ?? 0, IdempotencyKey = parsed.GetValue(Key) }, stop);
        if (parsed.GetValue(Watch))
            await FollowAsync(client, job.Id, parsed.GetValue(CommonOptions.Json), stop);
        else if (parsed.GetValue(CommonOptions.Json))
            ServerReport.Json(job);
        else
            Console.Out.WriteLine(job.Id);
    }

    private static async Task ListAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        JobPage page = await client.ListAsync(
            new JobQuery
            {
                States = parsed.GetValue(State)?.Split(',') ?? [],
                Name = parsed.GetValue(Name),
                Limit = parsed.GetValue(Limit) ?? new JobQuery().Limit,
            }, stop);
        if (parsed.GetValue(CommonOptions.Json))
            ServerReport.Json(page);
        else
            ServerReport.Jobs(page);
    }

    private static Task WatchAsync(ParseResult parsed, SiloClient client, CancellationToken stop) =>
        FollowAsync(client, parsed.GetValue(Id), parsed.GetValue(CommonOptions.Json), stop);

    private static async Task FollowAsync(SiloClient client, Guid id, bool asJson, CancellationToken stop)
    {
        JobStatus last = await ProgressDisplay.RunAsync("job", show: true, async progress =>
        {
            JobStatus? now = null;
            await foreach (JobStatus status in client.WatchAsync(id, stop))
            {
                progress?.Report(new Engine.Jobs.JobProgress(status.Done, status.Flops));
                now = status;
            }
            return now ?? await client.GetAsync(id, stop);
        });
        if (asJson)
            ServerReport.Json(last);
        else
            ServerReport.Job(last);
        if (last.State != "finished")
        {
            string why = last.Error ?? $"Job {id} was {last.State}.";
            throw last.IsInputError ? new InputException(why) : new IOException(why);
        }
    }

    private static async Task ShowAsync(ParseResult parsed, Task<JobStatus> change)
    {
        JobStatus job = await change;
        if (parsed.GetValue(CommonOptions.Json))
            ServerReport.Json(job);
        else
            ServerReport.Job(job);
    }

    private static async Task FetchAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        JobStatus job = await client.GetAsync(parsed.GetValue(Id), stop);
        string[] names = parsed.GetValue(File) is { } one ? [one] : [.. job.Files.Select(file => file.Name)];
        string? to = parsed.GetValue(To);
        if (to is not null && names.Length > 1)
            throw new InputException($"-o {to} is one file, but the job has made {names.Length}: {string.Join(", ", names)}; choose one with --file.");
        if (names.Length == 0)
            throw new InputException($"Job {job.Id} is {job.State} and has made no file.");
        foreach (string name in names)
        {
            await TransferDisplay.RunAsync(name, progress => client.FetchAsync(job.Id, to ?? Path.GetFileName(name), name, progress, stop));
            Console.Out.WriteLine(to ?? Path.GetFileName(name));
        }
    }

    private static async Task RemoveAsync(ParseResult parsed, SiloClient client, CancellationToken stop)
    {
        Guid id = parsed.GetValue(Id);
        JobStatus job = await client.GetAsync(id, stop);
        if (!job.HasEnded)
            throw new InputException($"Job {id} is {job.State}; cancel it first.");
        await client.RemoveAsync(id, stop);
    }

    private static async Task<string> ReadAsync(string path, CancellationToken stop)
    {
        if (path == "-")
            return await Console.In.ReadToEndAsync(stop);
        try
        {
            return await System.IO.File.ReadAllTextAsync(path, stop);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The specification '{path}' cannot be read: {error.Message}", error);
        }
    }
}
