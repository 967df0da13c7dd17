using Distributed.Engine.Checksums;
using Distributed.Engine.Tiles;
using Distributed.Grains.Blocks;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Distributed.Grains.Placement;

namespace Distributed.Grains.Silos;

/// <summary>Passes on to the silo's <see cref="SiloEngine"/>, outside the grain's turns.</summary>
[KeepAlive, NamedSiloPlacement]
internal sealed class SiloGrain(SiloEngine engine) : Grain, ISiloGrain
{
    public async Task<SiloInfo> GetInfoAsync() => new(
        new SiloPeer(engine.Name, engine.TileEndpoint), engine.Options.Threads, engine.Options.BlocksAtOnce,
        await engine.Speed.Value, engine.Device?.Model ?? "cpu");

    public Task<SiloLoad> GetLoadAsync() => Task.FromResult(engine.Load);

    public Task OpenAsync(JobTicket ticket) => Task.Run(() => engine.Open(ticket));

    public Task CloseAsync(Guid job) => Task.Run(() => engine.CloseAsync(job));

    public Task<RunningBlock[]> RunningAsync(Guid job) => Task.FromResult<RunningBlock[]>(
        [.. engine.BlocksOf(job).Select(pair => new RunningBlock(pair.Key, pair.Value.Assignment.Block, pair.Value.Assignment.Attempt))]);

    public Task<TileBytes?> ReadTileAsync(Guid job, int attempt, int block, int part, TileRole role, int steps) => Task.Run(async () =>
    {
        (TilePart wanted, TileAsk ask) = (new TilePart(job, attempt, block, part), new TileAsk(role, steps));
        await engine.Shelf.ComesAsync(wanted, ask);
        // Of the garbage collector's: a pooled buffer would be used again before Orleans has written it out.
        var bytes = new byte[TileLayout.PartBytes];
        // What waits to be sent lies with Orleans and cannot be seen here, so no owner is busy.
        TileAnswer answer = engine.Shelf.TryRead(wanted, ask, busy: false, bytes);
        if (!answer.Has)
            return null;
        Array.Resize(ref bytes, answer.Length);
        return new TileBytes(bytes, Crc32C.Of(bytes));
    });
}
