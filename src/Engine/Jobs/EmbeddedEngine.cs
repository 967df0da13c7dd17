using System.Diagnostics;
using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.Mechanisms.Sequential;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.Jobs;

/// <summary>Runs attention in this process: no server, no set-up.</summary>
public static class EmbeddedEngine
{
    /// <summary>Bytes of packed keys and values held for sharing between query spans.</summary>
    private const long PackedBytes = 96L << 20;

    /// <summary>Query rows, over the heads of a group, that one packed key span serves in a lane.</summary>
    private const int RowsPerLane = 4096;

    /// <summary>Lanes wanted per thread, so that the threads finish together.</summary>
    private const int LanesPerThread = 8;

    /// <summary>Rows below which cutting lanes smaller costs more than it balances.</summary>
    private const int FewestRowsPerLane = 192;

    /// <summary>Lanes wanted at least where a device folds them.</summary>
    private const int LanesPerDevice = 4;

    /// <summary>Runs a job.</summary>
    /// <param name="input">Its tensors. Their memory must stay until the job has ended.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="sink">Where the rows go.</param>
    /// <param name="progress">Told a few times a second; null = nobody.</param>
    /// <param name="cancellation">Stops the job; what the sink has been given so far is then incomplete.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public static async Task<JobReport> RunAsync(
        AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        using JobMeasure measure = EngineMetrics.Job("embedded");
        using Activity? trace = EngineTraces.Job();
        try
        {
            JobReport report = await RunAsync(JobPlan.Create(input, options), input, options, sink, progress, cancellation)
                .ConfigureAwait(false);
            measure.End("finished");
            return report;
        }
        catch (Exception error)
        {
            measure.End(error is OperationCanceledException ? "stopped" : "failed");
            trace?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
    }

    private static async Task<JobReport> RunAsync(
        JobPlan plan, AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress,
        CancellationToken cancellation)
    {
        EngineMetrics.Plans(plan);
        CpuKernel kernel = CpuKernels.Best;
        int threads = options.ThreadsHere();
        long started = Stopwatch.GetTimestamp();
        ComputePool pool = ComputePool.Shared(threads);
        var notes = new List<string>();
        using DeviceWork? device = DeviceWork.Open(options.Device, plan, input, note =>
        {
            lock (notes)
                notes.Add(note);
        });
        WorkDone done = plan.Mechanism.HasScores
            ? await RunRingAsync(plan, input, kernel, device, sink, pool, progress, cancellation).ConfigureAwait(false)
            : await RunSequentialAsync(plan, input, sink, pool, progress, cancellation).ConfigureAwait(false);
        return new JobReport(
            input.Shape, plan.Masks.Description, plan.Counts, plan.Blocks.Count, threads, kernel.Name,
            done.PairsSeen, Stopwatch.GetElapsedTime(started))
        {
            Scores = plan.Scores.Description,
            Operations = plan.Mechanism.HasScores ? null : plan.Operations,
            Device = device?.Report,
            DeviceNotes = notes,
        };
    }

    private static async Task<WorkDone> RunRingAsync(
        JobPlan plan, AttentionInput input, CpuKernel kernel, DeviceWork? device, IAttentionSink sink, ComputePool pool,
        IProgress<JobProgress>? progress, CancellationToken cancellation)
    {
        using var cache = new PackedSpanCache(kernel, PackedBytes);
        var context = new LaneContext(plan, input, kernel, cache, sink) { Device = device };
        int rowsPerLane = device is null ? LaneLength(plan, pool.Threads) : LaneLength(plan, device);
        Task job = InProcessRing.RunAsync(context, new StoreTileSource(input, plan), pool, rowsPerLane, cancellation);
        await ProgressReporter.FollowAsync(job, context.Done, progress).ConfigureAwait(false);
        return context.Done;
    }

    private static async Task<WorkDone> RunSequentialAsync(
        JobPlan plan, AttentionInput input, IAttentionSink sink, ComputePool pool, IProgress<JobProgress>? progress, CancellationToken cancellation)
    {
        var done = new WorkDone(plan);
        Task job = new SequentialJob(plan, input, sink, done).RunAsync(pool, cancellation);
        await ProgressReporter.FollowAsync(job, done, progress).ConfigureAwait(false);
        return done;
    }

    /// <summary>About how much private memory a job takes beside its mapped files, in bytes.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="threads">Compute threads.</param>
    public static long EstimateMemory(JobPlan plan, int threads)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return MemoryEstimate.Of(
            plan, CpuKernels.Best, threads, LaneLength(plan, threads), PackedBytes, threads * InProcessRing.BlocksPerThread);
    }

    // Lanes that fill the device, and a few of them, so that one is uploaded while another is computed.
    private static int LaneLength(JobPlan plan, DeviceWork device)
    {
        int spanRows = plan.QueryGrid.SpanRows;
        double rows = (double)plan.Shape.Batch * plan.Shape.KeyHeads * plan.Shape.QueryRows;
        int longest = Math.Max(1, device.RowsWanted / Math.Max(1, plan.Shape.Group));
        return Math.Max(1, (int)Math.Min(rows / LanesPerDevice, longest) / spanRows) * spanRows;
    }

    private static int LaneLength(JobPlan plan, int threads)
    {
        int spanRows = plan.QueryGrid.SpanRows;
        int longest = Math.Max(spanRows, RowsPerLane / Math.Max(1, plan.Shape.Group));
        double rows = (double)plan.Shape.Batch * plan.Shape.KeyHeads * plan.Shape.QueryRows;
        int wanted = (int)Math.Clamp(rows / ((double)threads * LanesPerThread), FewestRowsPerLane, longest);
        return wanted >= spanRows ? wanted / spanRows * spanRows : Math.Min(wanted, spanRows);
    }
}
