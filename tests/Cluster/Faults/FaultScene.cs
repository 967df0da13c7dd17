using System.Diagnostics;
using System.Net;
using Distributed.Cluster.Tests.Network;
using Distributed.Silo.Cluster.Membership;

namespace Distributed.Cluster.Tests.Faults;

/// <summary>A cluster with a database, a job to be hit in its middle, and what is measured of a fault.</summary>
internal sealed class FaultScene : IAsyncDisposable
{
    private const int JobSeconds = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Look = TimeSpan.FromMilliseconds(25);

    private readonly Random _random = new(Environment.GetEnvironmentVariable("ATTEND_SEED") is { } seed ? int.Parse(seed) : Environment.TickCount);
    private readonly PostgresMembershipTable _members;

    private FaultScene(string folder, PostgresServer postgres, TestCluster cluster, TestJob job)
    {
        (Folder, Postgres, Cluster, Job) = (folder, postgres, cluster, job);
        _members = new PostgresMembershipTable(postgres.Connection, cluster.Name, new IPEndPoint(IPAddress.Loopback, 1), TimeSpan.FromMinutes(1));
    }

    public const int Silos = 3;

    public string Folder { get; }

    public PostgresServer Postgres { get; }

    public TestCluster Cluster { get; }

    public TestJob Job { get; }

    /// <summary>Starts it all; leaves the test out where there is no PostgreSQL.</summary>
    public static async Task<FaultScene> StartAsync(TestNetwork? network = null)
    {
        PostgresServer postgres = PostgresServer.StartOrSkip(network);
        string folder = Directory.CreateTempSubdirectory("faults").FullName;
        var cluster = new TestCluster(folder, postgres) { Network = network };
        try
        {
            var scene = new FaultScene(folder, postgres, cluster, await TestJob.LastingAsync(folder, JobSeconds));
            await cluster.StartAsync(Silos);
            await cluster.AgreeOnAsync(Silos);
            return scene;
        }
        catch
        {
            await cluster.DisposeAsync();
            postgres.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Postgres.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A moment, as a share of a job: from its beginning to <paramref name="latest"/>.</summary>
    public double Moment(double latest) => _random.NextDouble() * latest;

    /// <summary>Some silos.</summary>
    public SiloProcess[] Pick(int count)
    {
        SiloProcess[] silos = [.. Cluster.Answering];
        _random.Shuffle(silos);
        return silos[..count];
    }

    /// <summary>
    /// Runs the job without a fault: on a machine that does other things too, a second of the fault's bounds is as much longer
    /// as this takes.
    /// </summary>
    public async Task<double> MeasureSecondAsync()
    {
        (Guid job, string output) = await SubmitAsync();
        JobView ended = await CheckAsync(job, output, "without a fault");
        Second = SecondOf(ended.Seconds);
        return ended.Seconds;
    }

    /// <summary>A second, as long as it takes here now.</summary>
    public double Second { get; private set; } = 1;

    /// <summary>Up to a quarter longer than meant is how such a job varies on a machine that does nothing else: a second is one then.</summary>
    private static double SecondOf(double seconds) => seconds < JobSeconds * 1.25 ? 1 : seconds / JobSeconds;

    public async Task<(Guid Job, string Output)> SubmitAsync(TestJob? job = null)
    {
        string output = Path.Combine(Folder, $"{Guid.NewGuid():n}.safetensors");
        return (await Cluster.SubmitAsync((job ?? Job).To(output)), output);
    }

    public Task<JobView> ReachedAsync(Guid job, double share) =>
        Cluster.WhenAsync(job, view => view.Done >= share || view.Ended, $"the job to be {share:p0} done");

    /// <summary>
    /// Seconds from a fault until the database says that the lost silo is dead, and until the job, without it, is as
    /// far as it was, or has ended.
    /// </summary>
    public async Task<(double Detected, double Recovered)> FollowLossAsync(Guid job, double before, int left, long fault)
    {
        double? detected = null;
        var late = Stopwatch.StartNew();
        while (true)
        {
            detected ??= await IsDeclaredAsync(left) ? Stopwatch.GetElapsedTime(fault).TotalSeconds : null;
            JobView? view = await Cluster.LookAsync(job);
            if (view is { Ended: true } || (view is not null && detected is not null && view.Done >= before && view.Silos.Count(silo => silo.Alive) == left))
                return (detected ?? Stopwatch.GetElapsedTime(fault).TotalSeconds, Stopwatch.GetElapsedTime(fault).TotalSeconds);
            Assert.True(late.Elapsed < Patience, $"Waited {Patience.TotalSeconds} s for the job to go on without the lost silo; it is at {view}.\n{Cluster.Said()}");
            await Task.Delay(Look);
        }
    }

    /// <summary>Checks the outcome and its bounds: no more was redone than was not saved, and no more time was lost than may be.</summary>
    public async Task<JobView> CheckLossAsync(Guid job, string output, string what, (double Detected, double Recovered) times)
    {
        JobView ended = await CheckAsync(job, output, what);
        // A coordinator that was lost too has told nobody what its silo had not saved: at most what it does between two checkpoints.
        double second = Math.Max(Second, SecondOf(ended.Seconds - times.Detected));
        double lost = ended.Coordinators > 1 ? TestCluster.CheckpointSeconds * second : ended.Unsaved * ended.Seconds;
        double bound = times.Detected + lost + second;
        Assert.True(
            times.Recovered < bound,
            $"{what}: the job had recovered {times.Recovered:f2} s after the fault; {bound:f2} s are allowed: {times.Detected:f2} s until it was noticed, {lost:f2} s of lost work, and 1 s, here {second:f2} s.\n{Cluster.Said()}");
        return ended;
    }

    public async Task<JobView> CheckAsync(Guid job, string output, string what, TestJob? expected = null)
    {
        JobView ended = await Cluster.EndedAsync(job);
        (expected ?? Job).Check(output, what);
        File.Delete(output);
        Assert.True(
            ended.Redone <= ended.Unsaved + 1e-9,
            $"{what}: {ended.Redone:p2} of the work was redone, but only {ended.Unsaved:p2} had not been saved.");
        return ended;
    }

    /// <summary>Replaces the silos that are gone.</summary>
    public async Task FillUpAsync()
    {
        foreach (SiloProcess gone in Cluster.Silos.Where(silo => !silo.Alive).ToArray())
        {
            Cluster.Silos.Remove(gone);
            await gone.DisposeAsync();
        }
        await Cluster.StartAsync(Silos - Cluster.Silos.Count);
        await Cluster.AgreeOnAsync(Silos);
    }

    private async Task<bool> IsDeclaredAsync(int left)
    {
        MembershipTableData table = await _members.ReadAll();
        return table.Members.Count(member => member.Item1.Status == SiloStatus.Active) == left;
    }
}
