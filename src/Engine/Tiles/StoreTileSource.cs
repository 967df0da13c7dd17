using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tiles;

/// <summary>
/// Tiles read where they are stored: the job's mapped input. Inside one process the store is every block's neighbour at
/// once, so nothing is copied.
/// </summary>
/// <param name="input">The job's tensors.</param>
/// <param name="plan">The job's plan.</param>
/// <exception cref="ArgumentException">The plan was made without the input's optional tensors, or with others.</exception>
public sealed class StoreTileSource(AttentionInput input, JobPlan plan) : ITileSource, ITileStore
{
    private readonly JobPlan _plan = plan.Tensors == input.Tensors
        ? plan
        : throw new ArgumentException("The plan was made with other optional tensors than the input has.", nameof(plan));

    /// <inheritdoc/>
    public ValueTask<IKeyValueTile> PullAsync(int block, CancellationToken cancellation) => ValueTask.FromResult(Tile(block));

    /// <inheritdoc/>
    public IKeyValueTile Tile(int block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, _plan.Blocks.Count);
        return new StoredTile(input, _plan, block);
    }

    /// <inheritdoc/>
    public ValueTask ReadyAsync(int block, int bytes, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public void Read(TileLayout layout, int block, long start, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(layout);
        using IKeyValueTile stored = Tile(block);
        layout.Gather(stored, start, destination);
    }

    private sealed class StoredTile(AttentionInput input, JobPlan plan, int block) : IKeyValueTile
    {
        public int Block => block;

        public TensorRows Keys(int batch, int keyHead, int keySpan) =>
            input.Keys.Slice(batch, keyHead, plan.KeyGrid[keySpan]);

        public TensorRows Values(int batch, int keyHead, int keySpan) =>
            input.Values.Slice(batch, keyHead, plan.KeyGrid[keySpan]);

        public void Dispose()
        {
        }
    }
}
