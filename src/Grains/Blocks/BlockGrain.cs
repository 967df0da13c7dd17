using Distributed.Grains.Hosting;
using Distributed.Grains.Placement;

namespace Distributed.Grains.Blocks;

/// <summary>The grain before a <see cref="BlockAttempt"/>. Its turns only pass on; the work is done elsewhere.</summary>
[KeepAlive, NamedSiloPlacement]
internal sealed class BlockGrain(SiloEngine engine) : Grain, IBlockGrain
{
    // Of one that waits for its place there is nothing to tell.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250), UntilBegun = TimeSpan.FromSeconds(2);

    private string Key => this.GetPrimaryKeyString();

    public Task StartAsync(BlockAssignment assignment) => Task.Run(() => engine.Begin(Key, assignment));

    public async Task<BlockStatus> WatchAsync()
    {
        if (engine.Find(Key) is not { } attempt)
        {
            DeactivateOnIdle();
            return new BlockStatus { Phase = BlockPhase.Unknown };
        }
        await (attempt.Begun.IsCompleted
            ? Task.WhenAny(attempt.Ended, Task.Delay(Moment))
            : Task.WhenAny(attempt.Begun, Task.Delay(UntilBegun)));
        return attempt.Status;
    }

    public async Task StopAsync(bool saves)
    {
        if (engine.Find(Key) is { } attempt)
            await attempt.StopAsync(saves);
        engine.Forget(Key);
        DeactivateOnIdle();
    }
}
