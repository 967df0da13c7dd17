using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Tests.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.FileJobs.Durable;

public sealed class DurableFileJobTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Stopped_at_any_moment_and_gone_on_with_it_gives_the_same_bytes(int seed)
    {
        FileJobSpecification job = Job(rows: 5000);
        await FileJob.RunAsync(job);
        byte[] expected = await File.ReadAllBytesAsync(job.Output);
        File.Delete(job.Output);
        var random = new Random(seed);
        DurableJobPlan plan = Plan(job);
        int stops = 0;
        double before = 0;

        while (!File.Exists(job.Output))
        {
            var run = new DurableFileJob("job", job, plan, _folder.File("work"), Options);
            using var stop = new CancellationTokenSource();
            Task running = run.RunAsync(stop.Token);
            // Stops after a random share of the work; the last runs go to the end.
            double until = before + random.NextDouble() * 0.3;
            while (!running.IsCompleted && (stops > 4 || run.Progress.Done < until))
                await Task.WhenAny(running, Task.Delay(1));
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Assert.True(running.IsCompletedSuccessfully || running.IsCanceled, $"It neither ended nor stopped: {running.Exception}");
            Assert.True(run.Progress.Done >= before, $"After stop {stops} it had {run.Progress.Done} done, before it {before}: work was lost.");
            before = run.Progress.Done;
            stops++;
        }

        Assert.True(stops > 1, "The job was never stopped.");
        Assert.Equal(expected, await File.ReadAllBytesAsync(job.Output));
    }

    /// <summary>Memories that were given stay; rows of blocks that were not finished are computed again.</summary>
    [Theory]
    [InlineData(MechanismKind.Linear, true)]
    [InlineData(MechanismKind.Linear, false)]
    [InlineData(MechanismKind.Delta, true)]
    [InlineData(MechanismKind.Delta, false)]
    public async Task A_memory_that_goes_through_the_keys_goes_on_from_where_it_was(MechanismKind kind, bool causal)
    {
        FileJobSpecification job = Job(rows: 9000, kind == MechanismKind.Delta);
        job = job with { WithLogSumExp = kind == MechanismKind.Linear, Options = new AttentionOptions { Mechanism = new Mechanism { Kind = kind }, Causal = causal ? CausalAlignment.TopLeft : null } };
        await FileJob.RunAsync(job);
        byte[] expected = await File.ReadAllBytesAsync(job.Output);
        File.Delete(job.Output);
        DurableJobPlan plan = Plan(job);
        Assert.True(plan.Blocks > 4, $"{plan.Blocks} blocks show nothing.");
        int stops = 0, finished = 0;

        while (!File.Exists(job.Output))
        {
            var run = new DurableFileJob("job", job, plan, _folder.File("work"), Options);
            using var stop = new CancellationTokenSource();
            Task running = run.RunAsync(stop.Token);
            while (!running.IsCompleted && (stops > 3 || run.Progress.BlocksFinished <= finished))
                await Task.WhenAny(running, Task.Delay(1));
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Assert.True(running.IsCompletedSuccessfully || running.IsCanceled, $"It neither ended nor stopped: {running.Exception}");
            Assert.True(run.Progress.BlocksFinished >= finished, "A finished block was lost.");
            finished = run.Progress.BlocksFinished;
            stops++;
        }

        Assert.True(stops > 1, "The job was never stopped.");
        Assert.Equal(expected, await File.ReadAllBytesAsync(job.Output));
    }

    [Fact]
    public async Task An_input_that_has_changed_meanwhile_is_refused()
    {
        FileJobSpecification job = Job(rows: 1200);
        DurableJobPlan plan = Plan(job);
        File.SetLastWriteTimeUtc(job.Inputs.Together!, DateTime.UtcNow.AddMinutes(1));

        InputException refused = await Assert.ThrowsAsync<InputException>(
            () => new DurableFileJob("job", job, plan, _folder.File("work"), Options).RunAsync(CancellationToken.None));

        Assert.Contains("is not what it was", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(job.Output));
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_left_aside()
    {
        FileJobSpecification job = Job(rows: 3000);
        await FileJob.RunAsync(job);
        byte[] expected = await File.ReadAllBytesAsync(job.Output);
        DurableJobPlan plan = Plan(job);
        Directory.CreateDirectory(_folder.File("work/checkpoints"));
        for (int block = 0; block < plan.Blocks; block++)
            await File.WriteAllTextAsync(_folder.File($"work/checkpoints/{block}"), "no checkpoint");

        await new DurableFileJob("job", job, plan, _folder.File("work"), Options).RunAsync(CancellationToken.None);

        Assert.Equal(expected, await File.ReadAllBytesAsync(job.Output));
    }

    [Fact]
    public void What_is_forgotten_leaves_no_unfinished_output_wherever_it_was_made()
    {
        FileJobSpecification job = Job(rows: 1200);
        string? noted = null;
        using (JobFiles files = JobFiles.Open(job))
        {
            var folder = new DurableJobFolder(_folder.File("work"));
            folder.Open();
            using var output = FileJobOutput.Create(job, files, path =>
            {
                // A process that is lost right behind this has made no file that nobody knows of.
                Assert.False(File.Exists(path));
                folder.NoteOutput(noted = path);
            });
            Assert.True(File.Exists(noted));

            DurableFileJob.Forget(_folder.File("work"));
            DurableFileJob.Forget(_folder.File("work"));

            Assert.Equal(["in.safetensors"], _folder.Names);
        }
    }

    [Fact]
    public void A_plan_makes_no_output_that_is_not_noted_before()
    {
        FileJobSpecification job = Job(rows: 1200);
        // A folder where the note is to be: it cannot be written.
        Directory.CreateDirectory(_folder.File("examined/partial"));

        Assert.ThrowsAny<SystemException>(() => Plan(job));
        Assert.Equal(["in.safetensors"], _folder.Names);

        Plan(job);
        Assert.Equal(["in.safetensors"], _folder.Names);
    }

    private static DurableJobOptions Options => new(2, 2, TimeSpan.FromMilliseconds(5));

    private DurableJobPlan Plan(FileJobSpecification job) => DurableJobPlan.Of(job, _folder.File("examined"), threads: 2, blocksAtOnce: 2, slots: 2);

    private FileJobSpecification Job(long rows, bool rates = false)
    {
        var shape = new AttentionShape(1, 2, 1, rows, rows, 16, 16);
        string input = _folder.File("in.safetensors");
        using (TensorFileWriter writer = TensorFileWriter.Create(input,
            [
                new TensorSpec("q", ElementType.F32, 1, shape.QueryHeads, rows, 16),
                new TensorSpec("k", ElementType.F32, 1, shape.KeyHeads, rows, 16),
                new TensorSpec("v", ElementType.F32, 1, shape.KeyHeads, rows, 16),
                .. rates ? [new TensorSpec("beta", ElementType.F32, 1, shape.KeyHeads, rows)] : Array.Empty<TensorSpec>(),
            ]))
        {
            var random = new Random(1);
            foreach ((string name, int heads) in new[] { ("q", 2), ("k", 1), ("v", 1) })
            {
                var numbers = new float[rows * heads * 16];
                foreach (ref float number in numbers.AsSpan())
                    number = (float)(random.NextDouble() * 4 - 2);
                writer[name].Write(0, numbers);
            }
            if (rates)
                writer["beta"].Write(0, [.. Enumerable.Range(0, (int)rows).Select(_ => random.NextSingle() / 32)]);
            writer.Commit();
        }
        return new FileJobSpecification
        {
            Inputs = TensorPaths.InOneFile(input),
            Output = _folder.File("out.safetensors"),
            WithLogSumExp = true,
            Options = new AttentionOptions { Causal = CausalAlignment.TopLeft },
        };
    }
}
