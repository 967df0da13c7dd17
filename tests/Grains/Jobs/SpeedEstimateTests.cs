using Distributed.Grains.Jobs;

namespace Distributed.Grains.Tests.Jobs;

public class SpeedEstimateTests
{
    [Fact]
    public void A_silo_that_has_shown_nothing_is_as_much_slower_than_the_others_as_it_was_measured()
    {
        // Measured in pairs of another kernel, shown in the cost of the job: only their ratio can be carried over.
        double[]? speeds = SpeedEstimate.All([(4000, 200), (null, 1), (null, 100)]);

        Assert.Equal([4000, 20, 2000], speeds!);
    }

    [Fact]
    public void What_a_silo_has_shown_counts_not_what_was_measured() =>
        Assert.Equal([3, 5], SpeedEstimate.All([(3, 100), (5, 1)])!);

    [Fact]
    public void Nothing_is_known_before_any_has_shown_its_speed() => Assert.Null(SpeedEstimate.All([(null, 1), (null, 2)]));

    [Theory]
    [InlineData(0, 10)]
    [InlineData(5, 0.5)]
    public void Too_little_shows_nothing(double cost, double seconds) => Assert.Null(SpeedEstimate.Shown(cost, seconds));
}
