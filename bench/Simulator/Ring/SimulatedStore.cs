using Distributed.Engine.Tiles;
using Distributed.Kernels.Memory;
using Distributed.Simulator.Clock;

namespace Distributed.Simulator.Ring;

/// <summary>A silo's way to the job's input: it takes the time of its bytes, one read after the other.</summary>
/// <param name="time">The clock.</param>
/// <param name="bytesPerSecond">How fast a silo reads.</param>
internal sealed class SimulatedStore(SimulatedTime time, double bytesPerSecond) : ITileStore
{
    private TimeSpan _free;

    public IKeyValueTile Tile(int block) => new StoredTile(block);

    public async ValueTask ReadyAsync(int block, int bytes, CancellationToken cancellation)
    {
        _free = (_free > time.Now ? _free : time.Now) + TimeSpan.FromSeconds(bytes / bytesPerSecond);
        await time.Delay(_free - time.Now, cancellation);
    }

    public void Read(TileLayout layout, int block, long start, Span<byte> destination)
    {
    }

    private sealed class StoredTile(int block) : IKeyValueTile
    {
        public int Block => block;

        public TensorRows Keys(int batch, int keyHead, int keySpan) => throw new NotSupportedException("A simulated tile has no rows.");

        public TensorRows Values(int batch, int keyHead, int keySpan) => throw new NotSupportedException("A simulated tile has no rows.");

        public void Dispose()
        {
        }
    }
}
