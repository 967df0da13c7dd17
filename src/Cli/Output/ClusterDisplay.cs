using Distributed.Cli.Clusters;
using Distributed.Client;
using Spectre.Console;

namespace Distributed.Cli.Output;

/// <summary>Shows a cluster as it is: a table that is kept up to date on a terminal, a line for each change elsewhere.</summary>
internal static class ClusterDisplay
{
    private const int JobsAsked = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), AnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Shows it until it is told to stop.</summary>
    public static async Task ShowAsync(LocalCluster cluster, CancellationToken cancellation)
    {
        if (Console.IsErrorRedirected)
        {
            string last = "";
            await FollowAsync(cluster, view =>
            {
                string line = string.Join("; ", view.Lines());
                if (line != last)
                    Console.Error.WriteLine(last = line);
            }, cancellation);
            return;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Live(new Table()).StartAsync(live => FollowAsync(cluster, view => live.UpdateTarget(view.Drawn()), cancellation));
    }

    private static async Task FollowAsync(LocalCluster cluster, Action<View> show, CancellationToken cancellation)
    {
        var ended = new Dictionary<Guid, JobStatus>();
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
            {
                show(await LookAsync(cluster, ended, cancellation));
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C is how this ends.
        }
    }

    private static async Task<View> LookAsync(LocalCluster cluster, Dictionary<Guid, JobStatus> ended, CancellationToken cancellation)
    {
        LocalSilo[] alive = [.. cluster.Silos.Where(silo => silo.IsAlive)];
        if (alive.Length == 0)
            return new View(cluster.Silos, 0, [.. ended.Values]);
        using var client = new SiloClient(alive.Select(silo => silo.Address));
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        late.CancelAfter(AnswersWithin);
        try
        {
            var running = new List<JobStatus>();
            JobPage page = await client.ListAsync(new JobQuery { Limit = JobsAsked }, late.Token);
            foreach (Guid id in page.Jobs.Select(job => job.Id).Where(id => !ended.ContainsKey(id)))
            {
                JobStatus job = await client.GetAsync(id, late.Token);
                if (job.HasEnded)
                    ended.Add(id, job);
                else
                    running.Add(job);
            }
            return new View(cluster.Silos, (await client.GetClusterAsync(late.Token)).Active.Count, [.. running, .. ended.Values]);
        }
        catch (Exception error) when (error is SiloException
            || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // A silo was lost this moment, and the others have not agreed on it yet: the next look shows.
            return new View(cluster.Silos, 0, [.. ended.Values]);
        }
    }

    private sealed record View(IReadOnlyList<LocalSilo> Silos, int Active, IReadOnlyList<JobStatus> Jobs)
    {
        private const int JobsShown = 8;

        public IEnumerable<string> Lines()
        {
            yield return $"{Active} of {Silos.Count} silos in the cluster";
            foreach (LocalSilo silo in Silos.Where(silo => !silo.IsAlive))
                yield return $"silo {silo.Process} has ended";
            foreach (JobStatus job in Jobs.Where(job => !job.HasEnded))
                yield return $"job {job.Id} {job.State}, {job.BlocksFinished} of {job.Blocks} blocks";
        }

        public Table Drawn()
        {
            var all = new Table { Border = TableBorder.None, ShowHeaders = false };
            all.AddColumn("");
            var silos = new Table { Border = TableBorder.Simple };
            silos.AddColumns("silo", "process", "state");
            foreach (LocalSilo silo in Silos)
                silos.AddRow(silo.Address.ToString(), $"{silo.Process}", silo.IsAlive ? "running" : "[red]ended[/]");
            all.AddRow(silos);
            all.AddRow(new Text($"{Active} silos in the cluster"));
            var jobs = new Table { Border = TableBorder.Simple };
            jobs.AddColumns("job", "state", "done", "blocks", "rate", "lost");
            foreach (JobStatus job in Jobs.OrderBy(job => job.HasEnded).Take(JobsShown))
            {
                double rate = job.Seconds > 0 ? job.Flops / job.Seconds / 1e9 : 0;
                jobs.AddRow(
                    $"{job.Id}", Markup.Escape(job.State), $"{job.Done:p0}", $"{job.BlocksFinished}/{job.Blocks}", $"{rate:f0} GFLOP/s",
                    $"{job.AttemptsLost}");
            }
            if (Jobs.Count > 0)
                all.AddRow(jobs);
            return all;
        }
    }
}
