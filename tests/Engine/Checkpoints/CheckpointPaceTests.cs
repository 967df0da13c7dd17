using Distributed.Engine.Checkpoints;
using Distributed.Simulator.Clock;

namespace Distributed.Engine.Tests.Checkpoints;

public class CheckpointPaceTests
{
    [Fact]
    public void Blocks_are_saved_at_the_interval_and_less_often_where_saving_takes_long()
    {
        var time = new SimulatedTime();
        var pace = new CheckpointPace(TimeSpan.FromSeconds(5), time);
        Assert.False(pace.Due);
        Pass(time, 5);
        Assert.True(pace.Due);

        pace.Saved(TimeSpan.FromSeconds(1));
        Pass(time, 19);
        Assert.False(pace.Due, "Saving takes a second; it is not to take more than a twentieth of the time.");
        Pass(time, 1);
        Assert.True(pace.Due);

        pace.Saved(TimeSpan.FromMilliseconds(1));
        Pass(time, 5);
        Assert.True(pace.Due);
    }

    private static void Pass(SimulatedTime time, double seconds)
    {
        time.After(TimeSpan.FromSeconds(seconds), () => { });
        Assert.True(time.Step());
    }
}
