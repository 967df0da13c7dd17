using Distributed.Simulator.Clock;

namespace Distributed.Simulator.Tests.Clock;

public class SimulatedTimeTests
{
    [Fact]
    public void Time_only_goes_forward_and_what_is_due_at_once_keeps_its_order()
    {
        var time = new SimulatedTime();
        var random = new Random(3);
        var seen = new List<(long Due, int Order)>();
        for (int i = 0; i < 500; i++)
        {
            (int order, TimeSpan delay) = (i, TimeSpan.FromTicks(random.Next(50)));
            long due = time.GetTimestamp() + delay.Ticks;
            void Note()
            {
                Assert.Equal(due, time.GetTimestamp());
                seen.Add((due, order));
            }
            if (i % 3 == 0)
                time.CreateTimer(_ => Note(), null, delay, Timeout.InfiniteTimeSpan);
            else
                time.After(delay, Note);
            if (i % 7 == 0)
                time.Step();
        }
        while (time.Step())
        {
        }
        Assert.Equal(500, seen.Count);
        Assert.Equal(seen.OrderBy(one => one), seen);
        Assert.Throws<ArgumentOutOfRangeException>(() => time.After(TimeSpan.FromTicks(-1), () => { }));
    }

    [Fact]
    public void A_timer_that_is_stopped_or_set_anew_does_not_go_off_at_its_old_time()
    {
        var time = new SimulatedTime();
        var fired = new List<(string, long)>();
        ITimer stopped = time.CreateTimer(_ => fired.Add(("stopped", time.GetTimestamp())), null, TimeSpan.FromTicks(10), Timeout.InfiniteTimeSpan);
        ITimer later = time.CreateTimer(_ => fired.Add(("later", time.GetTimestamp())), null, TimeSpan.FromTicks(10), Timeout.InfiniteTimeSpan);
        stopped.Dispose();
        later.Change(TimeSpan.FromTicks(30), Timeout.InfiniteTimeSpan);
        while (time.Step())
        {
        }
        Assert.Equal([("later", 30L)], fired);
    }
}
