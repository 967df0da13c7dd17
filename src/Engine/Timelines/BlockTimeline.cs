using System.Diagnostics;

namespace Distributed.Engine.Timelines;

/// <summary>
/// What a block did when: shares of equal slots of time. There are never more slots than <see cref="MostSlots"/>; when
/// the block takes longer, two become one.
/// </summary>
/// <param name="clock">Seconds since the timeline began; null = as time passes.</param>
public sealed class BlockTimeline(Func<double>? clock = null)
{
    /// <summary>Slots at most.</summary>
    public const int MostSlots = 48;

    private const double FirstSlotSeconds = 0.05;

    private readonly Lock _lock = new();
    private readonly double[][] _spent = [.. Enum.GetValues<BlockActivity>().Select(_ => new double[MostSlots])];
    private readonly long _began = Stopwatch.GetTimestamp();
    private double _slotSeconds = FirstSlotSeconds, _since;
    private BlockActivity _now = BlockActivity.Idle;

    /// <summary>The block turns to something else.</summary>
    public void Turn(BlockActivity to)
    {
        lock (_lock)
        {
            Settle(Now());
            _now = to;
        }
    }

    /// <summary>The timeline up to now.</summary>
    public TimelineView View()
    {
        lock (_lock)
        {
            double now = Now();
            Settle(now);
            int slots = Math.Clamp((int)Math.Ceiling(now / _slotSeconds), 0, MostSlots);
            return new TimelineView(
                _slotSeconds, Percent(BlockActivity.Computing, slots), Percent(BlockActivity.Waiting, slots),
                Percent(BlockActivity.Saving, slots));
        }
    }

    /// <summary>Seconds that the block spent so.</summary>
    public double SecondsOf(BlockActivity activity)
    {
        lock (_lock)
        {
            Settle(Now());
            return _spent[(int)activity].Sum();
        }
    }

    private double Now() => clock?.Invoke() ?? Stopwatch.GetElapsedTime(_began).TotalSeconds;

    private int[] Percent(BlockActivity activity, int slots) =>
        [.. _spent[(int)activity].Take(slots).Select(spent => (int)Math.Round(Math.Min(1, spent / _slotSeconds) * 100))];

    private void Settle(double now)
    {
        while (now > _slotSeconds * MostSlots)
            Halve();
        while (_since < now)
        {
            int slot = Math.Min((int)(_since / _slotSeconds), MostSlots - 1);
            // Where rounding leaves no step to the slot's end, the slot has ended.
            double until = Math.Min(now, (slot + 1) * _slotSeconds);
            if (until <= _since)
                until = Math.Min(now, (slot + 2) * _slotSeconds);
            _spent[(int)_now][slot] += until - _since;
            _since = until;
        }
    }

    private void Halve()
    {
        foreach (double[] spent in _spent)
        {
            for (int slot = 0; slot < MostSlots; slot++)
                spent[slot] = slot < MostSlots / 2 ? spent[2 * slot] + spent[2 * slot + 1] : 0;
        }
        _slotSeconds *= 2;
    }
}

/// <summary>What a block does at a moment.</summary>
public enum BlockActivity
{
    /// <summary>Nothing yet, or nothing any more.</summary>
    Idle,

    /// <summary>It waits for keys and values.</summary>
    Waiting,

    /// <summary>It computes, or waits for a compute thread.</summary>
    Computing,

    /// <summary>It writes a checkpoint.</summary>
    Saving,
}

/// <summary>A block's timeline: in each slot the percent of its time.</summary>
/// <param name="SlotSeconds">Length of a slot.</param>
/// <param name="Computing">Percent spent on computing.</param>
/// <param name="Waiting">Percent spent on waiting for keys and values.</param>
/// <param name="Saving">Percent spent on writing checkpoints.</param>
public sealed record TimelineView(double SlotSeconds, int[] Computing, int[] Waiting, int[] Saving);
