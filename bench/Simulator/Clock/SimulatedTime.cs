namespace Distributed.Simulator.Clock;

/// <summary>A clock that stands still until something is due, and then jumps there. One thread does everything in turn.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly PriorityQueue<Action, Due> _events = new(EarlierFirst.Instance);

    // Timers of one length are due in the order of their making, and nearly all are stopped before they are due.
    private readonly Dictionary<long, Queue<TimerEntry>> _timers = [];
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
        var timer = new Timer(this, callback, state);
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
        Queue<TimerEntry>? timers = EarliestTimers();
        bool any = _events.TryPeek(out Action? action, out Due at);
        if (timers is not null && (!any || EarlierFirst.Instance.Compare(timers.Peek().At, at) < 0))
        {
            TimerEntry entry = timers.Dequeue();
            _now = entry.At.Time;
            entry.Timer.Fire();
            return true;
        }
        if (!any)
            return false;
        _events.Dequeue();
        _now = at.Time;
        action!();
        return true;
    }

    private Queue<TimerEntry>? EarliestTimers()
    {
        Queue<TimerEntry>? earliest = null;
        foreach (Queue<TimerEntry> timers in _timers.Values)
        {
            while (timers.TryPeek(out TimerEntry entry) && !entry.Timer.Is(entry.Version))
                timers.Dequeue();
            if (timers.Count > 0 && (earliest is null || EarlierFirst.Instance.Compare(timers.Peek().At, earliest.Peek().At) < 0))
                earliest = timers;
        }
        return earliest;
    }

    private void Start(Timer timer, int version, TimeSpan dueTime)
    {
        if (!_timers.TryGetValue(dueTime.Ticks, out Queue<TimerEntry>? same))
            _timers.Add(dueTime.Ticks, same = []);
        same.Enqueue(new TimerEntry(timer, version, new Due(_now + dueTime.Ticks, _order++)));
    }

    private readonly record struct TimerEntry(Timer Timer, int Version, Due At);

    private readonly record struct Due(long Time, long Order);

    private sealed class EarlierFirst : IComparer<Due>
    {
        public static EarlierFirst Instance { get; } = new();

        public int Compare(Due x, Due y) => x.Time != y.Time ? x.Time.CompareTo(y.Time) : x.Order.CompareTo(y.Order);
    }

    private sealed class Timer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimerCallback? _callback = callback;
        private object? _state = state;
        private int _version;

        public bool Is(int version) => _version == version;

        public void Fire()
        {
            _version++;
            _callback?.Invoke(_state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _version++;
            if (dueTime != Timeout.InfiniteTimeSpan)
                time.Start(this, _version, dueTime);
            return true;
        }

        public void Dispose()
        {
            _version++;
            (_callback, _state) = (null, null);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
