namespace Distributed.Engine.Tests.Tiles;

/// <summary>A clock that stands still until something is due, and then jumps there. One thread does everything in turn.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly PriorityQueue<Action, (long Due, long Order)> _events = new();
    private long _now;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void After(TimeSpan delay, Action action) => _events.Enqueue(action, (_now + delay.Ticks, _order++));

    /// <summary>Does what is due next.</summary>
    /// <returns>False when nothing ever will be.</returns>
    public bool Step()
    {
        if (!_events.TryDequeue(out Action? action, out (long Due, long Order) at))
            return false;
        _now = at.Due;
        action();
        return true;
    }

    private sealed class Timer(SimulatedTime time, Action action) : ITimer
    {
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int version = ++_version;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                time.After(dueTime, () =>
                {
                    if (version == _version)
                        action();
                });
            }
            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
