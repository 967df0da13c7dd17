using Distributed.Grains.Jobs;

namespace Distributed.Grains.Tests.Jobs;

public class BlockScheduleTests
{
    private static readonly double[] Even = [.. Enumerable.Repeat(1.0, 40)];

    [Fact]
    public void Silos_get_neighbouring_blocks_by_their_share_of_the_speed()
    {
        var schedule = new BlockSchedule(Even, []);
        schedule.Divide([("a", 1), ("b", 3)]);

        Assert.Equal([.. Enumerable.Repeat("a", 10), .. Enumerable.Repeat("b", 30)], schedule.Homes);
    }

    [Fact]
    public void Costs_count_not_blocks()
    {
        // Causal attention: later blocks cost more.
        var schedule = new BlockSchedule([.. Enumerable.Range(1, 40).Select(i => (double)i)], []);
        schedule.Divide([("a", 1), ("b", 1)]);

        double a = Enumerable.Range(0, 40).Where(i => schedule.Homes[i] == "a").Sum(i => i + 1.0);
        Assert.InRange(a / 820, 0.48, 0.52);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(1, 10)]
    [InlineData(3, 1)]
    public void Silos_finish_together_though_their_speeds_were_taken_wrongly(double measured, double real)
    {
        var schedule = new BlockSchedule([.. Enumerable.Repeat(1.0, 400)], []);
        schedule.Divide([("a", measured), ("b", 1)]);
        schedule.Join("a", real);

        Dictionary<string, double> ends = Run(schedule, new() { ["a"] = real, ["b"] = 1 });

        Assert.True(schedule.AllFinished);
        Assert.InRange(Math.Abs(ends["a"] - ends["b"]) / ends.Values.Max(), 0, 0.1);
    }

    [Fact]
    public void The_blocks_of_a_silo_that_is_gone_are_done_by_the_others()
    {
        var schedule = new BlockSchedule(Even, []);
        schedule.Divide([("a", 1), ("b", 1)]);
        int begun = schedule.Next("b")!.Value;

        schedule.Leave("b");
        schedule.Lose(begun);

        Assert.DoesNotContain("b", schedule.Homes);
        Run(schedule, new() { ["a"] = 1 });
        Assert.True(schedule.AllFinished);
    }

    [Fact]
    public void A_silo_that_joins_takes_over_from_the_one_that_would_be_done_last()
    {
        var schedule = new BlockSchedule(Even, []);
        schedule.Divide([("a", 1)]);
        schedule.Join("b", 1);

        Assert.Equal(39, schedule.Next("b"));
        Assert.Equal("b", schedule.Homes[39]);
    }

    [Fact]
    public void A_silo_that_would_only_delay_the_end_gets_nothing()
    {
        var schedule = new BlockSchedule([1, 1], []);
        schedule.Divide([("fast", 10)]);
        schedule.Join("slow", 1);

        Assert.Null(schedule.Next("slow"));
        Assert.Equal(0, schedule.Next("fast"));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 0.5)]
    [InlineData(false, 0.3)]
    [InlineData(true, 1)]
    [InlineData(true, 0.5)]
    [InlineData(true, 0.3)]
    public void Silos_that_have_several_blocks_at_hand_finish_together(bool causal, double slow)
    {
        double[] costs = [.. Enumerable.Range(0, 32).Select(i => causal ? i + 0.5 : 16)];
        var schedule = new BlockSchedule(costs, []);
        schedule.Divide([("fast", 1), ("slow", slow)]);

        double[] ends = RunSeveral(schedule, costs, ("fast", 1), ("slow", slow));

        Assert.True(schedule.AllFinished);
        Assert.InRange(ends.Min() / ends.Max(), 0.9, 1);
        Assert.InRange(ends.Max() * (1 + slow) / costs.Sum(), 1, 1.06);
    }

    /// <summary>A processor beside a GPU, up to two hundred times as fast: the job ends within a tenth of the sum of their rates.</summary>
    [Theory]
    [InlineData(false, 2)]
    [InlineData(false, 5)]
    [InlineData(false, 9)]
    [InlineData(false, 20)]
    [InlineData(false, 60)]
    [InlineData(false, 200)]
    [InlineData(true, 2)]
    [InlineData(true, 5)]
    [InlineData(true, 9)]
    [InlineData(true, 20)]
    [InlineData(true, 60)]
    [InlineData(true, 200)]
    public void Silos_of_very_unequal_speed_have_the_sum_of_their_speeds(bool causal, double ratio)
    {
        double[] costs = [.. Enumerable.Range(0, 32).Select(i => causal ? i + 0.5 : 16)];
        var schedule = new BlockSchedule(costs, []);
        (string, double)[] silos = [("processor", 1 / ratio), ("GPU", 1)];
        schedule.Divide(silos);

        double[] ends = RunSeveral(schedule, costs, silos);

        Assert.True(schedule.AllFinished);
        Assert.InRange(ends.Max() * (1 + 1 / ratio) / costs.Sum(), 0.99, 1.1);
    }

    [Fact]
    public void A_silo_begins_no_block_that_would_end_after_all_others()
    {
        var schedule = new BlockSchedule(Even, []);
        schedule.Divide([("GPU", 1)]);
        schedule.Join("processor", 1 / 200.0);

        Assert.Null(schedule.Next("processor"));
        schedule.Leave("GPU");
        Assert.NotNull(schedule.Next("processor"));
    }

    [Fact]
    public void Finished_blocks_are_not_done_again()
    {
        var schedule = new BlockSchedule(Even, Enumerable.Range(0, 39));
        schedule.Divide([("a", 1)]);

        Assert.Equal(39, schedule.Next("a"));
        Assert.Null(schedule.Next("a"));
        schedule.Finish(39);
        Assert.True(schedule.AllFinished);
        schedule.Lose(39);
        Assert.True(schedule.AllFinished);
    }

    /// <summary>Runs it on silos that compute two blocks at a time and have a third one at hand.</summary>
    private static double[] RunSeveral(BlockSchedule schedule, double[] costs, params (string Name, double Speed)[] silos)
    {
        const double Step = 0.25;
        var hands = silos.Select(_ => new List<(int Block, double Left)>()).ToArray();
        var ends = new double[silos.Length];
        for (double now = Step; !schedule.AllFinished && now < costs.Sum() * 10; now += Step)
        {
            for (int i = 0; i < silos.Length; i++)
            {
                List<(int Block, double Left)> hand = hands[i];
                while (hand.Count < 3 && schedule.Next(silos[i].Name) is { } block)
                    hand.Add((block, costs[block]));
                int atOnce = Math.Min(2, hand.Count);
                for (int j = atOnce - 1; j >= 0; j--)
                {
                    hand[j] = (hand[j].Block, hand[j].Left - Step * silos[i].Speed / atOnce);
                    schedule.Advance(hand[j].Block, Math.Max(0, hand[j].Left));
                    if (hand[j].Left > 0)
                        continue;
                    schedule.Finish(hand[j].Block);
                    ends[i] = now;
                    hand.RemoveAt(j);
                }
            }
        }
        return ends;
    }

    /// <summary>Runs the schedule on silos of real speeds, one block at a time each; when each of them finished last.</summary>
    private static Dictionary<string, double> Run(BlockSchedule schedule, Dictionary<string, double> speeds)
    {
        var ends = speeds.Keys.ToDictionary(silo => silo, _ => 0.0);
        var at = new PriorityQueue<(string Silo, int? Block), double>();
        foreach (string silo in speeds.Keys)
            at.Enqueue((silo, null), 0);
        while (at.TryDequeue(out (string Silo, int? Block) next, out double now))
        {
            if (next.Block is { } done)
            {
                schedule.Finish(done);
                ends[next.Silo] = now;
            }
            if (schedule.Next(next.Silo) is { } block)
                at.Enqueue((next.Silo, block), now + 1 / speeds[next.Silo]);
        }
        return ends;
    }
}
