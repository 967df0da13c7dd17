using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Timelines;

namespace Distributed.Engine.Tests.Timelines;

public class PlanViewTests
{
    [Fact]
    public void The_map_shows_what_a_causal_window_leaves()
    {
        var shape = new AttentionShape(1, 2, 1, 6 * 1024, 6 * 1024, 8, 8);

        PlanView view = PlanView.Of(JobPlan.Create(shape, new AttentionOptions { Causal = CausalAlignment.TopLeft }));

        Assert.Equal(["/.....", "#/....", "##/...", "###/..", "####/.", "#####/"], view.Map);
        Assert.Equal((15, 6, 15), (view.Tiles.Skipped, view.Tiles.Partial, view.Tiles.Full));
    }

    [Fact]
    public void The_map_of_a_long_sequence_is_no_larger()
    {
        var shape = new AttentionShape(1, 1, 1, 1_000_000, 1_000_000, 8, 8);

        PlanView view = PlanView.Of(JobPlan.Create(shape, new AttentionOptions { Causal = CausalAlignment.TopLeft }));

        Assert.Equal(48, view.Map.Count);
        Assert.All(view.Map, (row, index) => Assert.Equal(
            new string('#', index) + '/' + new string('.', 47 - index), row));
    }
}
