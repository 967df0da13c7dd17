using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// A job whose memory goes through the keys once, in their order, in this process: linear attention and the delta rule.
/// Chains are what does not hang together; within one the memory passes from span to span.
/// </summary>
/// <param name="Plan">Its plan.</param>
/// <param name="Input">Its tensors.</param>
/// <param name="Sink">Where rows go.</param>
/// <param name="Done">Counts what is done.</param>
internal sealed record SequentialJob(JobPlan Plan, AttentionInput Input, IAttentionSink Sink, WorkDone Done)
{
    /// <summary>Spans of a panel for each thread: more balance better, and each takes memory.</summary>
    private const int SpansPerThread = 4;

    /// <summary>Chains for each thread from which on a chain is one thread's alone: the last one to end is then a small part.</summary>
    private const int ChainsPerThread = 4;

    /// <summary>
    /// Operations of a job: 2 · D · Dv for each key that is added to a memory and for each query that reads it, and as much
    /// again for each key that is looked up before it is written.
    /// </summary>
    public static double OperationsOf(JobPlan plan)
    {
        AttentionShape shape = plan.Shape;
        double keys = (double)shape.Batch * shape.KeyHeads * shape.KeyRows * (plan.Mechanism.Kind == MechanismKind.Delta ? 2 : 1);
        return 2.0 * shape.KeyDim * shape.ValueDim * (keys + (double)shape.Batch * shape.QueryHeads * shape.QueryRows);
    }

    /// <summary>About how many bytes of private memory a job takes.</summary>
    public static double BytesOf(JobPlan plan, int threads)
    {
        AttentionShape shape = plan.Shape;
        double chains = Math.Min(threads, (double)shape.Batch * shape.QueryHeads);
        if (plan.Mechanism.Kind == MechanismKind.Delta)
            return chains * DeltaPanel.BytesOf(shape);
        int chunks = (plan.KeyGrid.SpanRows + FeatureSums.ChunkKeys - 1) / FeatureSums.ChunkKeys;
        double spans = plan.QueryGrid.SpanRows * (FeatureRows.Padded(shape.ValueDim) + 1.0) * threads;
        double sums = FeatureSums.FloatsFor(shape.KeyDim, shape.ValueDim) * ((2.0 + chunks) * Panel(plan, threads) + 2) * chains;
        return sizeof(float) * (spans + sums);
    }

    /// <summary>Runs it to its end.</summary>
    public Task RunAsync(ComputePool pool, CancellationToken cancellation)
    {
        // A thread that has a chain to itself hands nothing over; where there are too few for all threads, each chain is spread.
        if (pool.Threads == 1 || Shape.Batch * Shape.QueryHeads / Together >= ChainsPerThread * pool.Threads)
            return pool.RunAllAsync(Chains(1).Select(make => (Action<ComputeScratch>)(scratch => Run(make, scratch, cancellation))), cancellation);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = pool.Threads, CancellationToken = cancellation };
        return Parallel.ForEachAsync(Chains(pool.Threads), parallel, async (make, cancelled) =>
        {
            using ISequentialChain chain = make();
            await chain.RunAsync(pool, cancelled).ConfigureAwait(false);
        });
    }

    private static void Run(Func<ISequentialChain> make, ComputeScratch scratch, CancellationToken cancellation)
    {
        using ISequentialChain chain = make();
        chain.RunAsync(new ThisThread(scratch), cancellation).GetAwaiter().GetResult();
    }

    private AttentionShape Shape => Plan.Shape;

    // Heads with masks of their own see other keys, and so do not share a memory.
    private int Together => Plan.Masks.VariesByHead && Plan.Mechanism.Kind == MechanismKind.Linear ? 1 : Shape.Group;

    // What one span left is still near for the next, and one thread has nothing to balance.
    private static int Panel(JobPlan plan, int threads) => Math.Min(Math.Max(1, plan.QueryGrid.Count), threads == 1 ? 1 : SpansPerThread * threads);

    private IEnumerable<Func<ISequentialChain>> Chains(int threads)
    {
        int panel = Panel(Plan, threads);
        for (int batch = 0; batch < Shape.Batch; batch++)
        {
            for (int head = 0; head < Shape.QueryHeads; head += Together)
            {
                (int of, int first) = (batch, head);
                yield return Plan.Mechanism.Kind == MechanismKind.Linear
                    ? () => new LinearChain(this, of, first, Together, panel)
                    : () => new DeltaChain(this, of, first / Shape.Group);
            }
        }
    }
}

/// <summary>Heads whose rows are computed one panel after the other.</summary>
internal interface ISequentialChain : IDisposable
{
    /// <summary>Computes all rows.</summary>
    Task RunAsync(ICompute compute, CancellationToken cancellation);
}
