using System.Diagnostics;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;

namespace Distributed.Cluster.Tests.Faults;

/// <summary>
/// Silos that are killed, freeze, wake up, join and are all started again, and a database that goes away: every job ends
/// with the bits of one process.
/// </summary>
public sealed class FaultTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const double LinearSeconds = 3;
    private const int MostIdle = 10;
    private static readonly TimeSpan DatabaseAway = TimeSpan.FromSeconds(10);

    private FaultScene _scene = null!;

    public async ValueTask InitializeAsync() => _scene = await FaultScene.StartAsync();

    public ValueTask DisposeAsync() => _scene?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_silo_killed_at_any_moment_costs_only_its_own_unsaved_work()
    {
        int runs = Runs.Of(few: 3, full: 50);
        var measured = new FaultTimes();
        await _scene.MeasureSecondAsync();
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await _scene.SubmitAsync();
            JobView before = await _scene.ReachedAsync(job, _scene.Moment(0.9));
            SiloProcess victim = _scene.Pick(1)[0];
            long killed = Stopwatch.GetTimestamp();
            victim.Kill();

            (double Detected, double Recovered) times = await _scene.FollowLossAsync(job, before.Done, FaultScene.Silos - 1, killed);
            measured.Add(times, await _scene.CheckLossAsync(job, output, $"run {run}, silo {victim.Id} killed", times));
            await _scene.FillUpAsync();
        }
        Table.Add("kill -9 of a random silo", runs, measured);
    }

    /// <summary>
    /// Dilation leaves no span whole, so that the job takes long; each block still waits for the memory of the block before it, and
    /// is lost with its silo.
    /// </summary>
    [Fact]
    public async Task A_silo_killed_while_memories_pass_from_block_to_block_changes_nothing()
    {
        int runs = Runs.Of(few: 1, full: 20);
        TestJob linear = await TestJob.LastingAsync(_scene.Folder, LinearSeconds, new AttentionOptions
        {
            Mechanism = new Mechanism { Kind = MechanismKind.Linear },
            Causal = CausalAlignment.TopLeft,
            Dilation = 2,
        });
        for (int run = 0, idle = 0; run < runs;)
        {
            (Guid job, string output) = await _scene.SubmitAsync(linear);
            await _scene.ReachedAsync(job, _scene.Moment(0.6));
            _scene.Pick(1)[0].Kill();
            JobView ended = await _scene.CheckAsync(job, output, $"run {run}, a silo killed", linear);
            await _scene.FillUpAsync();
            // While a memory is elsewhere a silo may have no block at all; killing it shows nothing, and another one does.
            if (ended.AttemptsLost > 0 || ended.Coordinators > 1)
                (run, idle) = (run + 1, 0);
            else
                Assert.True(++idle < MostIdle, $"{idle} silos were killed one after the other, and none had anything to lose.");
        }
        Table.Add("kill -9 of a random silo, linear attention", runs, new FaultTimes());
    }

    [Fact]
    public async Task A_frozen_silo_that_wakes_up_later_changes_nothing()
    {
        int runs = Runs.Of(few: 2, full: 20);
        var measured = new FaultTimes();
        await _scene.MeasureSecondAsync();
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await _scene.SubmitAsync();
            JobView before = await _scene.ReachedAsync(job, _scene.Moment(0.8));
            SiloProcess victim = _scene.Pick(1)[0];
            long frozen = Stopwatch.GetTimestamp();
            victim.Freeze();

            (double Detected, double Recovered) times = await _scene.FollowLossAsync(job, before.Done, FaultScene.Silos - 1, frozen);
            JobView ended = await _scene.CheckLossAsync(job, output, $"run {run}, silo {victim.Id} frozen", times);
            measured.Add(times, ended);
            victim.Wake();
            await Until.FoundAsync(
                () => Task.FromResult(victim.Alive ? null : ""), Patience,
                () => $"the silo that woke up to see that it is out of the cluster, and end. It said:\n{victim.Output}");
            Assert.False(File.Exists(output), "The silo that woke up made an output again.");
            Assert.Empty(Directory.GetFiles(_scene.Folder, "*.partial"));
            await _scene.FillUpAsync();
        }
        Table.Add("SIGSTOP of a random silo, SIGCONT after the job", runs, measured);
    }

    [Fact]
    public async Task A_silo_that_joins_in_the_middle_gets_work()
    {
        const double EarlyEnough = 0.7;
        int runs = Runs.Of(few: 1, full: 10);
        double seconds = 15;
        for (int run = 0; run < runs;)
        {
            TestJob longer = await TestJob.LastingAsync(_scene.Folder, seconds);
            string[] before = await _scene.Cluster.LookAtSilosAsync();
            (Guid job, string output) = await _scene.SubmitAsync(longer);
            await _scene.ReachedAsync(job, 0.02);
            await _scene.Cluster.StartAsync(1);
            JobView joined = (await _scene.Cluster.LookAsync(job))!;
            JobView ended = await _scene.CheckAsync(job, output, $"run {run}, a silo joined", longer);
            bool worked = ended.Silos.Any(silo => !before.Contains(silo.Silo) && silo.Finished > 0);
            Assert.True(
                worked || joined.Done > EarlyEnough,
                $"The silo that joined when {joined.Done:p0} were done got nothing to do: {string.Join(", ", ended.Silos.Select(silo => silo.ToString()))}\n{_scene.Cluster.Said()}");
            await _scene.Cluster.Silos[^1].StopAsync();
            _scene.Cluster.Silos.RemoveAt(_scene.Cluster.Silos.Count - 1);
            await _scene.Cluster.AgreeOnAsync(FaultScene.Silos);
            // A silo that took longer to start than the job to run shows nothing; then a longer job does.
            if (worked)
                run++;
            else
                Assert.True((seconds *= 2) < 200, "No job is long enough for a silo to join it.");
        }
        Table.Add("a silo joins", runs, new FaultTimes());
    }

    [Fact]
    public async Task All_silos_killed_and_started_again_resume_the_job()
    {
        int runs = Runs.Of(few: 1, full: 10);
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await _scene.SubmitAsync();
            JobView before = await _scene.ReachedAsync(job, 0.2 + _scene.Moment(0.6));
            foreach (SiloProcess silo in _scene.Cluster.Silos)
                silo.Kill();
            await _scene.FillUpAsync();
            JobView after = await _scene.CheckAsync(job, output, $"run {run}, all silos killed");
            Assert.True(before.Ended || after.Coordinators > 1, "The job did not have to be resumed: this shows nothing.");
        }
        Table.Add("kill -9 of all silos, then new ones", runs, new FaultTimes());
    }

    [Fact]
    public async Task A_database_that_is_away_for_a_while_changes_nothing()
    {
        int runs = Runs.Of(few: 1, full: 5);
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await _scene.SubmitAsync();
            await _scene.ReachedAsync(job, 0.1);
            _scene.Postgres.Stop();
            await Task.Delay(DatabaseAway); // The fault itself.
            _scene.Postgres.Start();
            JobView ended = await _scene.CheckAsync(job, output, $"run {run}, database away");
            Assert.Equal((0, 1), (ended.AttemptsLost, ended.Coordinators));
            Assert.All(_scene.Cluster.Silos, silo => Assert.True(silo.Alive, $"A silo ended because the database was away:\n{silo.Output}"));
            await _scene.Cluster.AgreeOnAsync(FaultScene.Silos);
        }
        Table.Add($"database away for {DatabaseAway.TotalSeconds} s", runs, new FaultTimes());
    }
}
