using System.Diagnostics;

namespace Distributed.Cluster.Tests;

/// <summary>
/// Silos that are killed, freeze, wake up, join and are all started again, and a database that goes away: every job ends
/// with the bits of one process.
/// </summary>
public sealed class FaultTests : IAsyncLifetime
{
    private const int Silos = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DatabaseAway = TimeSpan.FromSeconds(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("faults").FullName;
    private readonly Random _random = new(Environment.GetEnvironmentVariable("ATTEND_SEED") is { } seed ? int.Parse(seed) : 1);
    private PostgresServer _postgres = null!;
    private TestCluster _cluster = null!;
    private TestJob _job = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = PostgresServer.StartOrSkip();
        _job = await TestJob.LastingAsync(_folder, seconds: 5);
        _cluster = new TestCluster(_folder, _postgres);
        await _cluster.StartAsync(Silos);
        await _cluster.AgreeOnAsync(Silos);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _postgres?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_silo_killed_at_any_moment_costs_only_its_own_unsaved_work()
    {
        int runs = Runs.Of(few: 4, full: 50);
        List<double> recovery = [], redone = [];
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await SubmitAsync();
            await ReachedAsync(job, _random.NextDouble() * 0.9);
            SiloProcess victim = Pick();
            long killed = Stopwatch.GetTimestamp();
            victim.Kill();

            recovery.Add(await TakenOverAsync(job, killed));
            redone.Add((await CheckAsync(job, output, $"run {run}, silo {victim.Id} killed")).Redone);
            await FillUpAsync();
        }
        Table.Add("kill -9 of a random silo", runs, recovery, redone);
    }

    [Fact]
    public async Task A_frozen_silo_that_wakes_up_later_changes_nothing()
    {
        int runs = Runs.Of(few: 2, full: 20);
        List<double> recovery = [], redone = [];
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await SubmitAsync();
            await ReachedAsync(job, _random.NextDouble() * 0.8);
            SiloProcess victim = Pick();
            long frozen = Stopwatch.GetTimestamp();
            victim.Freeze();

            recovery.Add(await TakenOverAsync(job, frozen));
            redone.Add((await CheckAsync(job, output, $"run {run}, silo {victim.Id} frozen")).Redone);
            victim.Wake();
            await Until.FoundAsync(
                () => Task.FromResult(victim.Alive ? null : ""), Patience,
                () => $"the silo that woke up to see that it is out of the cluster, and end. It said:\n{victim.Output}");
            _job.Check(output, $"run {run}, after the frozen silo woke up");
            Assert.Empty(Directory.GetFiles(_folder, "*.partial"));
            await FillUpAsync();
        }
        Table.Add("SIGSTOP of a random silo, SIGCONT after the job", runs, recovery, redone);
    }

    [Fact]
    public async Task A_silo_that_joins_in_the_middle_gets_work()
    {
        int runs = Runs.Of(few: 1, full: 10);
        TestJob longer = await TestJob.LastingAsync(_folder, seconds: 25); // A silo takes some seconds to start.
        for (int run = 0; run < runs; run++)
        {
            string[] before = await _cluster.LookAtSilosAsync();
            (Guid job, string output) = await SubmitAsync(longer);
            await ReachedAsync(job, 0.05);
            await _cluster.StartAsync(1);
            JobView ended = await CheckAsync(job, output, $"run {run}, a silo joined", longer);
            Assert.True(
                ended.Silos.Any(silo => !before.Contains(silo.Silo) && silo.Finished > 0),
                $"The silo that joined got nothing to do: {string.Join(", ", ended.Silos.Select(silo => silo.ToString()))}\n{_cluster.Said()}");
            await _cluster.Silos[^1].StopAsync();
            _cluster.Silos.RemoveAt(_cluster.Silos.Count - 1);
            await _cluster.AgreeOnAsync(Silos);
        }
        Table.Add("a silo joins", runs, [], []);
    }

    [Fact]
    public async Task All_silos_killed_and_started_again_resume_the_job()
    {
        int runs = Runs.Of(few: 1, full: 10);
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await SubmitAsync();
            JobView before = await ReachedAsync(job, 0.2 + _random.NextDouble() * 0.6);
            foreach (SiloProcess silo in _cluster.Silos)
                silo.Kill();
            await FillUpAsync();
            JobView after = await CheckAsync(job, output, $"run {run}, all silos killed");
            Assert.True(after.Coordinators > 1, "The job did not have to be resumed: this shows nothing.");
            Assert.True(before.BlocksFinished <= after.Blocks);
        }
        Table.Add("kill -9 of all silos, then new ones", runs, [], []);
    }

    [Fact]
    public async Task A_database_that_is_away_for_a_while_changes_nothing()
    {
        int runs = Runs.Of(few: 1, full: 5);
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await SubmitAsync();
            await ReachedAsync(job, 0.1);
            _postgres.Stop();
            await Task.Delay(DatabaseAway); // The fault itself.
            _postgres.Start();
            await CheckAsync(job, output, $"run {run}, database away");
            Assert.All(_cluster.Silos, silo => Assert.True(silo.Alive, $"A silo ended because the database was away:\n{silo.Output}"));
        }
        Table.Add($"database away for {DatabaseAway.TotalSeconds} s", runs, [], []);
    }

    private async Task<(Guid Job, string Output)> SubmitAsync(TestJob? job = null)
    {
        string output = Path.Combine(_folder, $"{Guid.NewGuid():n}.safetensors");
        return (await _cluster.SubmitAsync((job ?? _job).To(output)), output);
    }

    private Task<JobView> ReachedAsync(Guid job, double share) =>
        _cluster.WhenAsync(job, view => view.Done >= share || view.Ended, $"the job to be {share:p0} done");

    private SiloProcess Pick()
    {
        SiloProcess[] silos = [.. _cluster.Answering];
        return silos[_random.Next(silos.Length)];
    }

    /// <summary>Seconds from the fault until the job goes on without the silo: its blocks have been given to others.</summary>
    private async Task<double> TakenOverAsync(Guid job, long fault)
    {
        await _cluster.WhenAsync(
            job, view => view.Ended || view.Silos.Any(silo => !silo.Alive) || view.Coordinators > 1, "the job to go on without the silo");
        return Stopwatch.GetElapsedTime(fault).TotalSeconds;
    }

    private async Task<JobView> CheckAsync(Guid job, string output, string what, TestJob? expected = null)
    {
        JobView ended = await _cluster.EndedAsync(job);
        (expected ?? _job).Check(output, what);
        Assert.True(
            ended.Redone <= ended.Unsaved + 1e-9,
            $"{what}: {ended.Redone:p2} of the work was redone, but only {ended.Unsaved:p2} had not been saved.");
        return ended;
    }

    /// <summary>Replaces the silos that are gone.</summary>
    private async Task FillUpAsync()
    {
        foreach (SiloProcess gone in _cluster.Silos.Where(silo => !silo.Alive).ToArray())
        {
            _cluster.Silos.Remove(gone);
            await gone.DisposeAsync();
        }
        await _cluster.StartAsync(Silos - _cluster.Silos.Count);
        await _cluster.AgreeOnAsync(Silos);
    }
}
