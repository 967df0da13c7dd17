using Distributed.Grains.Blocks;
using Distributed.Grains.Hosting;
using Distributed.Grains.Placement;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Analytics;

/// <summary>The grain before a <see cref="PartAttempt"/>. Its turns only pass on; the work is done elsewhere.</summary>
[NamedSiloPlacement]
internal sealed class PartGrain(SiloEngine engine, ILogger<PartAttempt> log) : Grain, IPartGrain
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private PartAttempt? _attempt;

    public async Task StartAsync(PartAssignment assignment)
    {
        await Task.Run(() => engine.Open(assignment.Ticket));
        if (_attempt is null || (_attempt.Ended.IsCompleted && _attempt.Status.Phase != BlockPhase.Finished))
            _attempt = new PartAttempt(engine, assignment, log);
    }

    public async Task<PartStatus> WatchAsync()
    {
        if (_attempt is not { } attempt)
            return new PartStatus { Phase = BlockPhase.Unknown };
        await Task.WhenAny(attempt.Ended, Task.Delay(Moment));
        return attempt.Status;
    }

    public Task ForgetAsync()
    {
        if (_attempt is { Ended.IsCompleted: true })
            _attempt = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
