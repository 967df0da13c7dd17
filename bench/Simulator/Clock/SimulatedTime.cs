namespace Distributed.Simulator.Clock;

/// <summary>A clock that stands still until something is due, and then jumps there. One thread does everything in turn.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly PriorityQueue<Action, Due> _events = new(EarlierFirst.Instance);
    private long _now;
    private long _order;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time since the beginning.</summary>
    public TimeSpan Now => TimeSpan.FromTicks(_now);

    /// <inheritdoc/>
    public override long GetTimestamp() => _now;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_now);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Does something after a delay. What is due at the same time is done in the order in which it was asked for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative: nothing happens in the past.</exception>
    public void After(TimeSpan delay, Action action)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        _events.Enqueue(action, new Due(_now + delay.Ticks, _order++));
    }

    /// <summary>Ends after a delay.</summary>
    public Task Delay(TimeSpan delay, CancellationToken cancellation = default)
    {
        var end = new TaskCompletionSource();
        After(delay, () =>
        {
            if (cancellation.IsCancellationRequested)
                end.TrySetCanceled(cancellation);
            else
                end.TrySetResult();
        });
        return end.Task;
    }

    /// <summary>Does what is due next.</summary>
    /// <returns>False when nothing ever will be.</returns>
    public bool Step()
    {
        if (!_events.TryDequeue(out Action? action, out Due at))
            return false;
        _now = at.Time;
        action();
        return true;
    }

    private readonly record struct Due(long Time, long Order);

    private sealed class EarlierFirst : IComparer<Due>
    {
        public static EarlierFirst Instance { get; } = new();

        public int Compare(Due x, Due y) => x.Time != y.Time ? x.Time.CompareTo(y.Time) : x.Order.CompareTo(y.Order);
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
