using Distributed.Engine.Plan;

namespace Distributed.Engine.Mechanisms.Sequential.Blocks;

/// <summary>What a chain has to do with the other blocks: the memories behind their keys, of its batch entry and key head.</summary>
/// <param name="owner">The block.</param>
/// <param name="run">The job here.</param>
/// <param name="block">The block as it was planned.</param>
/// <param name="batch">Batch entry.</param>
/// <param name="keyHead">Key head.</param>
internal sealed class ChainLink(SequentialBlock owner, SequentialRun run, PlannedBlock block, int batch, int keyHead)
{
    private readonly int _chain = batch * run.Plan.Shape.KeyHeads + keyHead;

    /// <summary>The block.</summary>
    public PlannedBlock Block => block;

    /// <summary>Whether the memory behind the block is there.</summary>
    public bool HasGiven => run.Board.Has(block.Index, _chain);

    /// <summary>Gives the memory behind the block.</summary>
    public void Give(ReadOnlySpan<float> memory) => run.Board.Write(block.Index, _chain, memory);

    /// <summary>Ends when the memory behind a block is there.</summary>
    public Task HasAsync(int of, CancellationToken cancellation) => run.Board.Has(of, _chain)
        ? Task.CompletedTask
        : owner.LeaveUntilAsync(() => run.Board.WaitAsync(of, _chain, cancellation));

    /// <summary>Reads a memory that is there.</summary>
    /// <exception cref="IOException">It is damaged, which it was not when it was looked for.</exception>
    public void Read(int of, Span<float> memory)
    {
        if (!run.Board.TryRead(of, _chain, memory))
            throw new IOException($"The memory behind block {of}, batch entry {batch}, key head {keyHead} was there and is no more.");
    }

    /// <summary>The first block behind which the most keys lie that are not beyond some end; null where none has any.</summary>
    /// <param name="endOf">The end of a block's keys.</param>
    /// <param name="end">The end that is not passed.</param>
    public PlannedBlock? Nearest(Func<PlannedBlock, long> endOf, long end)
    {
        PlannedBlock? nearest = null;
        foreach (PlannedBlock candidate in run.Plan.Blocks)
        {
            if (endOf(candidate) > end)
                break;
            if (endOf(candidate) > (nearest is null ? 0 : endOf(nearest)))
                nearest = candidate;
        }
        return nearest;
    }
}
