using Distributed.Engine.Timelines;

namespace Distributed.Engine.Tests.Timelines;

public class BlockTimelineTests
{
    private double _now;

    [Fact]
    public void Each_slot_tells_what_share_of_it_went_where()
    {
        BlockTimeline timeline = Timeline();
        timeline.Turn(BlockActivity.Waiting);
        _now = 0.025;
        timeline.Turn(BlockActivity.Computing);
        _now = 0.1;
        timeline.Turn(BlockActivity.Saving);
        _now = 0.15;
        timeline.Turn(BlockActivity.Idle);
        _now = 0.2;

        TimelineView view = timeline.View();

        Assert.Equal(0.05, view.SlotSeconds);
        Assert.Equal([50, 0, 0, 0], view.Waiting);
        Assert.Equal([50, 100, 0, 0], view.Computing);
        Assert.Equal([0, 0, 100, 0], view.Saving);
    }

    [Fact]
    public void A_long_block_has_longer_slots_and_not_more_of_them_and_no_time_is_lost()
    {
        BlockTimeline timeline = Timeline();
        var random = new Random(1);
        double waited = 0, computed = 0;
        for (int step = 0; step < 10_000; step++)
        {
            double wait = random.NextDouble() * 0.1, compute = random.NextDouble();
            timeline.Turn(BlockActivity.Waiting);
            _now += wait;
            timeline.Turn(BlockActivity.Computing);
            _now += compute;
            (waited, computed) = (waited + wait, computed + compute);
        }

        TimelineView view = timeline.View();

        Assert.InRange(view.Computing.Length, BlockTimeline.MostSlots / 2, BlockTimeline.MostSlots);
        Assert.True(view.SlotSeconds * view.Computing.Length >= _now, $"{view.Computing.Length} slots of {view.SlotSeconds} s do not reach {_now} s.");
        Assert.Equal(waited, timeline.SecondsOf(BlockActivity.Waiting), 1e-6 * _now);
        Assert.Equal(computed, timeline.SecondsOf(BlockActivity.Computing), 1e-6 * _now);
        Assert.Equal(0, timeline.SecondsOf(BlockActivity.Saving));
    }

    [Fact]
    public void What_lasts_is_in_the_view_without_a_turn()
    {
        BlockTimeline timeline = Timeline();
        timeline.Turn(BlockActivity.Computing);
        _now = 0.1;

        Assert.Equal([100, 100], timeline.View().Computing);
    }

    private BlockTimeline Timeline() => new(() => _now);
}
