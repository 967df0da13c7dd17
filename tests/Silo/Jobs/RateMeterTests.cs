using Distributed.Silo.Jobs;

namespace Distributed.Silo.Tests.Jobs;

public class RateMeterTests
{
    [Fact]
    public void What_was_saved_before_a_pause_does_not_count_as_speed()
    {
        var meter = new RateMeter();

        meter.Add(new RunProgress());
        meter.Add(new RunProgress { Done = 0.5, Flops = 1e15 });
        Assert.Equal(0, meter.Rate);
        Assert.Null(meter.SecondsLeft);
        meter.Add(new RunProgress { Done = 0.5, Flops = 1e15 });

        Assert.Equal(0, meter.Rate);
        Assert.True(meter.Seconds > 0, "The time before the first progress counts.");
    }
}
