using System.Text;
using Distributed.Silo.Access;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distributed.Silo.Tests.Jobs;

/// <summary>
/// Two queues on one folder: in a cluster, a silo that was taken for dead has the old one, and wakes up again. It must
/// change nothing that the new one has.
/// </summary>
public sealed class QueueOwnerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("owners-").FullName;
    private readonly DataFolder _data;
    private readonly FileStorage _storage;

    public QueueOwnerTests()
    {
        _data = new DataFolder(_folder);
        _data.Open();
        _storage = new FileStorage(_data, new Quota(_folder, null));
        FileStore documents = _storage.FilesOf(StoredKind.Documents).Store;
        string content = Path.Combine(_folder, "text");
        File.WriteAllBytes(content, Encoding.ASCII.GetBytes("a text"));
        documents.Commit(new StoredFile("text", "content.txt", 6, "", "local", DateTimeOffset.UtcNow, []), content, _ => { });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_queue_that_is_out_of_date_can_write_nothing()
    {
        var (before, after) = (new HeldRunner(), new HeldRunner());
        await using JobQueue old = Queue(before);
        await old.OpenAsync();
        Guid running = await SubmitAsync(old), removed = await SubmitAsync(old);
        await UntilAsync(() => before.Runs.Count == 2, "both jobs to run");
        await old.CancelAsync(removed, Caller.Local);
        await UntilAsync(async () => await StateAsync(old, removed) == JobState.Cancelled, "a job to be cancelled");

        await using JobQueue next = Queue(after);
        await next.OpenAsync();
        await UntilAsync(() => after.Runs.ContainsKey(running), "the next queue to go on with the job");
        string[] folders = Directory.GetDirectories(_data.Results);

        await Assert.ThrowsAsync<SupersededException>(() => SubmitAsync(old));
        await Assert.ThrowsAsync<SupersededException>(() => old.PauseAsync(running, Caller.Local));
        await Assert.ThrowsAsync<SupersededException>(() => old.CancelAsync(running, Caller.Local));
        await Assert.ThrowsAsync<SupersededException>(() => old.RemoveAsync(removed, Caller.Local));
        Assert.True(old.Superseded);
        before.Runs[running].End(RunOutcome.Failed);
        await old.LeaveAsync();

        Assert.Equal(folders, Directory.GetDirectories(_data.Results));
        Assert.False(next.Superseded);
        Assert.Equal(JobState.Running, await StateAsync(next, running));
        Assert.Equal(JobState.Cancelled, await StateAsync(next, removed));
        after.Runs[running].End(RunOutcome.Finished);
        await UntilAsync(async () => await StateAsync(next, running) == JobState.Finished, "the job to finish");
        await next.LeaveAsync();

        await using JobQueue last = Queue(new HeldRunner());
        await last.OpenAsync();
        JobPage page = await last.ListAsync(new JobQuery([], null, null, null, 10));
        Assert.Equal([(removed, JobState.Cancelled), (running, JobState.Finished)], page.Jobs.Select(job => (job.Id, job.State)).OrderByDescending(job => job.Id));
        await last.LeaveAsync();
    }

    [Fact]
    public async Task Of_many_that_take_the_records_at_the_same_time_one_has_them()
    {
        JobRecords[] all = [.. Enumerable.Range(0, 16).Select(_ => new JobRecords(_data))];
        JobRecord record = Record();
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = all.Length }, (records, _) =>
        {
            try
            {
                records.Claim();
            }
            catch (SupersededException)
            {
                Assert.True(records.Superseded);
            }
            return ValueTask.CompletedTask;
        });

        int owners = 0;
        foreach (JobRecords records in all)
        {
            try
            {
                records.Write(record);
                owners++;
            }
            catch (SupersededException)
            {
                Assert.True(records.Superseded);
            }
        }

        Assert.Equal(1, owners);
        var next = new JobRecords(_data);
        next.Claim();
        Assert.Equal(record.Id, Assert.Single(next.Load(TimeSpan.Zero)).Id);
    }

    [Fact]
    public void Records_that_have_no_owner_s_folder_yet_are_taken_over()
    {
        var first = new JobRecords(_data);
        first.Claim();
        JobRecord record = Record();
        first.Write(record);
        foreach (string path in Directory.GetFiles(_data.Queue, "*.json", SearchOption.AllDirectories))
            File.Move(path, Path.Combine(_data.Queue, Path.GetFileName(path)));

        var next = new JobRecords(_data);
        next.Claim();

        Assert.Equal(record.Id, Assert.Single(next.Load(TimeSpan.Zero)).Id);
        Assert.Empty(Directory.GetFiles(_data.Queue));
    }

    [Fact]
    public async Task What_a_lost_process_kept_of_jobs_that_have_ended_is_taken_away()
    {
        Guid unknown = Guid.NewGuid();
        Guid ended, stopped;
        await using (JobQueue before = Queue(new HeldRunner()))
        {
            await before.OpenAsync();
            ended = await SubmitAsync(before);
            stopped = await SubmitAsync(before);
            await before.CancelAsync(ended, Caller.Local);
            await UntilAsync(async () => await StateAsync(before, ended) == JobState.Cancelled, "a job to be cancelled");
        }
        var runner = new HeldRunner { Left = [unknown, ended, stopped] };

        await using JobQueue queue = Queue(runner);
        await queue.OpenAsync();

        Assert.Equal(new[] { unknown, ended }.Order(), runner.Forgotten.Order());
    }

    private static JobRecord Record() => new()
    {
        Id = Guid.CreateVersion7(),
        Kind = JobKind.Document,
        Owner = "local",
        State = JobState.Waiting,
        Revision = 1,
        Submitted = DateTimeOffset.UtcNow,
        Specification = "",
        Resolved = "",
        Digest = "",
    };

    private JobQueue Queue(HeldRunner runner) => new(
        new JobQueueOptions { MemoryBytes = 1 << 20 }, _data,
        new JobSources(_data, _storage.FilesOf(StoredKind.Tensors).Store, _storage.FilesOf(StoredKind.Documents).Store, new FileRoots([])),
        runner, NullLogger<JobQueue>.Instance);

    private static async Task<Guid> SubmitAsync(JobQueue queue) =>
        (await queue.SubmitAsync(new JobOrder("""{"version":1,"document":"document:text"}""", null, 0, null, Caller.Local))).Job.Status.Id;

    private static async Task<JobState> StateAsync(JobQueue queue, Guid job) => (await queue.FindAsync(job))!.Status.State;

    private static Task UntilAsync(Func<bool> holds, string what) => UntilAsync(() => Task.FromResult(holds()), what);

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (DateTime late = DateTime.UtcNow + Patience; !await holds(); await Task.Delay(5))
            Assert.True(DateTime.UtcNow < late, $"Waited {Patience} for {what}.");
    }
}
