using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// A job whose memory goes through the keys once, in their order: linear attention and the delta rule.
/// Chains are what does not hang together; within one the memory passes from span to span. In one process they go through all keys;
/// of a block (<see cref="SequentialBlock"/>) through its own, and memories pass from block to block.
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

    /// <summary>F32 numbers of the memory of one key head.</summary>
    public static int MemoryFloats(JobPlan plan) => checked((int)(plan.Mechanism.Kind == MechanismKind.Delta
        ? (nuint)plan.Shape.KeyDim * (nuint)FeatureRows.Padded(plan.Shape.ValueDim)
        : FeatureSums.FloatsFor(plan.Shape.KeyDim, plan.Shape.ValueDim)));

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
        // Of many blocks each keeps the sums of its own key spans until the memory before them comes.
        double waiting = plan.Blocks.Count == 1 ? 0 : (double)FeatureSums.FloatsFor(shape.KeyDim, shape.ValueDim) * plan.KeyGrid.Count * shape.Batch * shape.KeyHeads;
        return sizeof(float) * (spans + sums + waiting);
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

    /// <summary>Makes of each chain.</summary>
    /// <param name="threads">Compute threads that share one.</param>
    /// <param name="link">What ties the chain of a batch entry and a key head to other blocks; null = it goes through all keys.</param>
    public IEnumerable<Func<ISequentialChain>> Chains(int threads, Func<int, int, ChainLink>? link = null)
    {
        int panel = Panel(Plan, threads);
        for (int batch = 0; batch < Shape.Batch; batch++)
        {
            for (int head = 0; head < Shape.QueryHeads; head += Together)
            {
                (int of, int first) = (batch, head);
                ChainLink? to = link?.Invoke(batch, head / Shape.Group);
                yield return Plan.Mechanism.Kind == MechanismKind.Linear
                    ? () => new LinearChain(this, of, first, Together, panel, to)
                    : () => new DeltaChain(this, of, first / Shape.Group, to);
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
