namespace Distributed.Simulator.Tests;

public class LeftOut
{
    [Fact]
    public void Without_Orleans_there_is_no_simulator() =>
#if HAS_ORLEANS
        Assert.NotNull(typeof(Ring.ClusterSimulationTests));
#else
        Assert.Skip("The simulator runs the schedule and the transport of silos, which need Orleans; it is not on this package feed.");
#endif
}
