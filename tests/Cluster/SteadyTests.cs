using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Distributed.Silo.Cluster.Membership;

namespace Distributed.Cluster.Tests;

/// <summary>Silos that compute with all the machine has are not taken for dead.</summary>
public sealed partial class SteadyTests : IAsyncLifetime
{
    private const int Silos = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("steady").FullName;
    private PostgresServer _postgres = null!;

    public ValueTask InitializeAsync()
    {
        _postgres = PostgresServer.StartOrSkip();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _postgres?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Nobody_is_declared_dead_under_full_load()
    {
        TimeSpan length = Runs.LengthOf(few: TimeSpan.FromSeconds(5), full: TimeSpan.FromHours(1));
        TestJob job = await TestJob.LastingAsync(_folder, seconds: 5);
        // As many threads as there are processors, so that nothing is left for probes but what the system gives them.
        int threads = Math.Max(1, Environment.ProcessorCount / Silos);
        await using var cluster = new TestCluster(_folder, _postgres, ("threads", $"{threads}"), ("checkpoint-seconds", "5"));
        await cluster.StartAsync(Silos);
        await cluster.AgreeOnAsync(Silos);
        string[] members = await cluster.LookAtSilosAsync();
        int jobs = 0;
        var replaced = new List<string>();
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < length; jobs++)
        {
            string output = Path.Combine(_folder, "out.safetensors");
            JobView ended = await cluster.EndedAsync(await cluster.SubmitAsync(job.To(output)));
            job.Check(output, $"job {jobs}");
            string[] now = await cluster.LookAtSilosAsync();
            Assert.True(ended.AttemptsLost == 0 && string.Join(",", members) == string.Join(",", now), $"A silo was lost in job {jobs}.\n{cluster.Said()}");
            if (ended.Coordinators > 1)
                replaced.Add($"job {jobs} had {ended.Coordinators} coordinators");
            File.Delete(output);
        }
        MembershipTableData table = await new PostgresMembershipTable(
            _postgres.Connection, cluster.Name, new IPEndPoint(IPAddress.Loopback, 1), TimeSpan.FromMinutes(1)).ReadAll();
        Assert.All(table.Members, member => Assert.Equal(SiloStatus.Active, member.Item1.Status));
        int suspicions = table.Members.Sum(member => member.Item1.SuspectTimes?.Count ?? 0);
        Table.AddLine(
            $"{Silos} silos of {threads} threads under full load for {length.TotalMinutes:f1} min: {jobs} jobs, all right; "
            + $"{replaced.Count} coordinators replaced, {MissedProbe().Count(cluster.Said())} probes missed, {suspicions} suspicions, 0 silos declared dead");
        Assert.True(replaced.Count == 0, $"{string.Join("; ", replaced)}.\n{cluster.Said()}");
    }

    [GeneratedRegex("Did not get response for probe")]
    private static partial Regex MissedProbe();
}
