using Distributed.Grains.Jobs;

namespace Distributed.Grains.Tests.Jobs;

public sealed class JobStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("store").FullName;
    private readonly JobRecord _record = new("{}", 7, 192, "1,2", DateTimeOffset.UtcNow);
    private readonly Guid _job = Guid.NewGuid();
    private readonly JobStore _store;

    public JobStoreTests()
    {
        _store = new JobStore(_folder);
        _store.Create(_job, _record);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_job_outlives_the_silo_that_took_it_on()
    {
        var later = new JobStore(_folder);

        Assert.Equal(_record, later.Load(_job));
        Assert.Equal([_job], later.Unfinished());
        Assert.Null(later.Outcome(_job));
        Assert.Null(later.Load(Guid.NewGuid()));
    }

    [Fact]
    public async Task No_two_coordinators_get_the_same_number()
    {
        int[] epochs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => new JobStore(_folder).ClaimEpoch(_job))));

        Assert.Equal(Enumerable.Range(1, 20), epochs.Order());
        Assert.Equal(20, _store.LatestEpoch(_job));
    }

    [Fact]
    public void Checkpoints_of_a_block_come_latest_attempt_first()
    {
        foreach ((int block, int attempt) in new[] { (1, 4096), (1, 12288), (11, 20480), (1, 8192) })
            File.WriteAllText(_store.CheckpointOf(_job, block, attempt), "");
        File.WriteAllText(_store.CheckpointOf(_job, 1, 99999) + ".half-written.partial", "");

        Assert.Equal(
            [_store.CheckpointOf(_job, 1, 12288), _store.CheckpointOf(_job, 1, 8192), _store.CheckpointOf(_job, 1, 4096)],
            _store.CheckpointsOf(_job, 1));
    }

    [Fact]
    public void A_later_coordinator_takes_away_the_output_that_an_earlier_one_could_commit()
    {
        string first = Path.Combine(_folder, "first"), second = Path.Combine(_folder, "second");
        File.WriteAllText(first, "");
        _store.BeginOutput(_job, 1, first);
        File.WriteAllText(second, "");

        _store.BeginOutput(_job, 2, second);

        Assert.False(File.Exists(first));
        Assert.True(File.Exists(second));
    }

    [Fact]
    public void The_end_of_a_job_leaves_its_outcome_and_nothing_large()
    {
        _store.Finish(_job, new FinishedBlock(3, 4096, "silo", 1, 2, 3, 4));
        File.WriteAllText(_store.RowsOf(_job, 3, 4096), "rows");
        Assert.Equal(3, Assert.Single(_store.Finished(_job)).Block);

        _store.End(_job, new JobInfo { Id = _job, State = JobState.Failed, Error = "why" });

        Assert.Empty(_store.Unfinished());
        Assert.Equal(("why", JobState.Failed), (_store.Outcome(_job)!.Error, _store.Outcome(_job)!.State));
        Assert.False(File.Exists(_store.RowsOf(_job, 3, 4096)));
        Assert.Equal([_job], _store.All());
    }

    [Fact]
    public void Checkpoints_of_another_job_or_another_cut_have_another_key()
    {
        var ticket = new JobTicket(_job, 1, "{}", 7, 192, "1,2");

        Assert.True(JobStore.KeyOf(ticket).Span.SequenceEqual(JobStore.KeyOf(ticket with { Epoch = 2 }).Span));
        foreach (JobTicket other in new[] { ticket with { Job = Guid.NewGuid() }, ticket with { Blocks = 8 }, ticket with { RowsPerLane = 1 }, ticket with { Specification = "{ }" } })
            Assert.False(JobStore.KeyOf(ticket).Span.SequenceEqual(JobStore.KeyOf(other).Span));
    }

    [Fact]
    public async Task A_job_that_is_forgotten_while_its_end_is_written_down_leaves_nothing()
    {
        for (int run = 0; run < 50; run++)
        {
            var job = Guid.NewGuid();
            _store.Create(job, _record);
            File.WriteAllText(_store.RowsOf(job, 3, 4096), "rows");

            await Task.WhenAll(
                Task.Run(() => _store.End(job, new JobInfo { Id = job, State = JobState.Finished }), TestContext.Current.CancellationToken),
                Task.Run(() => _store.Forget(job), TestContext.Current.CancellationToken));

            Assert.Null(_store.Load(job));
            Assert.Null(_store.Outcome(job));
            Assert.True(_store.HasEnded(job));
            Assert.DoesNotContain(job, _store.All());
        }
        Assert.Equal([_job], _store.Unfinished());
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder, "forgotten")));
    }

    [Fact]
    public void A_job_has_ended_when_its_outcome_is_there_or_when_nobody_knows_it()
    {
        Assert.False(_store.HasEnded(_job));
        Assert.True(_store.HasEnded(Guid.NewGuid()));

        _store.End(_job, new JobInfo { Id = _job, State = JobState.Cancelled });

        Assert.True(_store.HasEnded(_job));
    }
}
