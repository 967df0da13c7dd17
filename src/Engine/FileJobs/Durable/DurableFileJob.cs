using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Engine.Timelines;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.FileJobs.Durable;

/// <summary>
/// Runs a job over tensor files in this process so that it can be stopped at any moment, or killed, and gone on with: by
/// this process or a later one. The output has the same bits as without any stop.
/// </summary>
/// <param name="id">Tells the job's checkpoints from those of other jobs.</param>
/// <param name="job">What to do; the same in every run.</param>
/// <param name="plan">How it is cut; the same in every run.</param>
/// <param name="folder">Where it keeps its checkpoints and finished rows.</param>
/// <param name="options">With how much of the machine.</param>
public sealed class DurableFileJob(
    string id, FileJobSpecification job, DurableJobPlan plan, string folder, DurableJobOptions options)
{
    /// <summary>Bytes of packed keys and values held for sharing between query spans.</summary>
    internal const long PackedBytes = 96L << 20;

    private readonly DurableJobFolder _folder = new(folder);
    private volatile DurableBlock[] _blocks = [];
    private long _began;
    private double _cost, _before;
    private PlanView? _plan;
    private JobPlan? _cut;

    /// <summary>How far it is.</summary>
    public DurableJobProgress Progress
    {
        get
        {
            DurableBlock[] blocks = _blocks;
            long pairs = blocks.Sum(block => block.PairsSeen);
            double done = blocks.Length == 0 || _cost == 0 ? 0 : Math.Min(1, blocks.Sum(block => block.CostDone) / _cost);
            return new DurableJobProgress(
                done, _cut?.OperationsDone(pairs, done) ?? 0, pairs, plan.Blocks, blocks.Count(block => block.Tally is not null));
        }
    }

    /// <summary>Takes away all that an unfinished job keeps, also the output that never got its name, wherever that is.</summary>
    /// <param name="folder">Its folder; one that is not there is none to take away.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Forget(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        new DurableJobFolder(folder).ForgetOutput();
        JobFolders.Remove(folder);
    }

    /// <summary>What its blocks are doing and have done; null before it runs.</summary>
    public JobBlocks? Look() => _plan is null
        ? null
        : new JobBlocks(_plan, SecondsSoFar(), [.. _blocks.Select(block => block.View)], []);

    /// <summary>Takes it from where it is to its end: the output has its name, and everything else is still there.</summary>
    /// <param name="cancellation">Stops it; what is done is saved.</param>
    /// <exception cref="InputException">An input is not what it was, or cannot be used.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using JobMeasure measure = EngineMetrics.Job("embedded");
        using Activity? trace = EngineTraces.Job();
        try
        {
            await ComputeAsync(cancellation).ConfigureAwait(false);
            measure.End("finished");
        }
        catch (Exception error)
        {
            measure.End(error is OperationCanceledException ? "stopped" : "failed");
            trace?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
    }

    private void Tell(string note) => options.Tells?.Invoke($"Job {id}: {note}");

    private async Task ComputeAsync(CancellationToken cancellation)
    {
        _folder.Open();
        InputStamp.Check(job.Inputs, plan.InputStamp);
        using JobFiles files = JobFiles.Open(job);
        JobPlan cut = JobPlan.Create(files.Input, job.Options with { Blocks = plan.Blocks });
        _cost = cut.Cost * cut.Shape.Batch * cut.Shape.QueryHeads;
        DurableBlock[] blocks = [.. Enumerable.Range(0, cut.Blocks.Count).Select(block => new DurableBlock(cut, block, _folder))];
        // Times go on from where an earlier run was; pauses do not count.
        _before = blocks.Max(block => block.Tally is { } tally ? (tally.Began ?? 0) + tally.Seconds : 0);
        _began = Stopwatch.GetTimestamp();
        _blocks = blocks;
        (_plan, _cut) = (PlanView.Of(cut), cut);
        if (blocks.All(block => block.Tally is null))
            EngineMetrics.Plans(cut);
        using (DeviceWork? device = job.Options.Device == default
            ? DeviceWork.OpenIfFit(DeviceLookup.Find(Names.Device(options.Device)).Device, cut, files.Input, Tell)
            : DeviceWork.Open(job.Options.Device, cut, files.Input, Tell))
        using (var packed = new PackedSpanCache(CpuKernels.Best, PackedBytes))
        using (SequentialRun? sequential = cut.Mechanism.HasScores
            ? null : new SequentialRun(cut, files.Input, new MemoryBoard(_folder.Memories, Key(), cut), options.Threads))
        {
            var run = new DurableRun(
                Key(), files.Input, packed, device,
                new StoreTileSource(files.Input, cut), ComputePool.Shared(options.Threads), plan.RowsPerLane, options.CheckpointInterval, SecondsSoFar)
            {
                Sequential = sequential,
            };
            int atOnce = sequential is null ? options.BlocksAtOnce : blocks.Length;
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation };
            await Parallel.ForEachAsync(
                blocks.Where(block => block.Tally is null), parallel,
                async (block, cancelled) => await block.RunAsync(run, cancelled).ConfigureAwait(false)).ConfigureAwait(false);
        }
        cancellation.ThrowIfCancellationRequested();
        await WriteOutputAsync(files, blocks, cancellation).ConfigureAwait(false);
    }

    private async Task WriteOutputAsync(JobFiles files, DurableBlock[] blocks, CancellationToken cancellation)
    {
        using FileJobOutput output = FileJobOutput.Create(job, files, _folder.NoteOutput);
        foreach (DurableBlock block in blocks)
        {
            cancellation.ThrowIfCancellationRequested();
            block.CopyTo(output.Sink);
        }
        await output.CommitAsync(ComputePool.Shared(options.Threads), null, cancellation).ConfigureAwait(false);
    }

    private double SecondsSoFar() => _before + Stopwatch.GetElapsedTime(_began).TotalSeconds;

    private ReadOnlyMemory<byte> Key() =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{id}|{plan.Blocks}|{plan.RowsPerLane}|{SpecificationDocument.Write(job)}"));
}

/// <summary>How a durable job runs.</summary>
/// <param name="Threads">Compute threads.</param>
/// <param name="BlocksAtOnce">Blocks computed at a time.</param>
/// <param name="CheckpointInterval">Time between checkpoints of a block.</param>
public sealed record DurableJobOptions(int Threads, int BlocksAtOnce, TimeSpan CheckpointInterval)
{
    /// <summary>The device of jobs that name none, as it is written; a job that it cannot do is done by the CPU.</summary>
    /// <value>auto.</value>
    public string Device { get; init; } = "auto";

    /// <summary>Told in one sentence or two why a job's device was passed over, and what failed there; from any thread.</summary>
    /// <value>Null: nobody.</value>
    public Action<string>? Tells { get; init; }
}
