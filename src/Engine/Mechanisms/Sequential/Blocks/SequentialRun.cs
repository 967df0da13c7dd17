using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;

namespace Distributed.Engine.Mechanisms.Sequential.Blocks;

/// <summary>
/// What the blocks of a job have in common in one process where the job's memory goes through the keys in their order. All blocks
/// of such a job are begun at once: each sums up its own keys, waits for the memory of the block before it, and gives its own to the
/// one behind it. What waits has no place here, so that nobody waits for one who cannot begin.
/// </summary>
/// <param name="plan">The job's plan.</param>
/// <param name="input">Its tensors.</param>
/// <param name="board">Where memories come from and go to.</param>
/// <param name="threads">Compute threads of this process.</param>
public sealed class SequentialRun(JobPlan plan, AttentionInput input, MemoryBoard board, int threads) : IDisposable
{
    /// <summary>Heads of blocks that are at work at a time, for each thread.</summary>
    private const int ChainsPerThread = 2;

    private readonly SemaphoreSlim _places = new(ChainsPerThread * threads);

    /// <summary>The job's plan.</summary>
    public JobPlan Plan => plan;

    internal AttentionInput Input => input;

    internal MemoryBoard Board => board;

    internal int Threads => threads;

    internal SemaphoreSlim Places => _places;

    /// <summary>A block that has not begun.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="sink">Where its rows go.</param>
    public SequentialBlock Block(int block, IAttentionSink sink) => new(this, plan.Blocks[block], sink);

    /// <inheritdoc/>
    public void Dispose()
    {
        _places.Dispose();
        board.Dispose();
    }
}
