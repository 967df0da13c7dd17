using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Tests.Plan;

public class JobPlanTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Counts_of_skipped_partial_and_full_tiles_equal_brute_force(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 100);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 40), shape);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random) };
        Attention64.Sees sees = Attention64.MaskOf(shape, options, problem.Tensors);

        JobPlan plan = await problem.WithInput(input => Task.FromResult(JobPlan.Create(input, options)));

        long skipped = 0, partial = 0, full = 0;
        int batches = plan.Masks.VariesByBatch ? shape.Batch : 1, heads = plan.Masks.VariesByHead ? shape.QueryHeads : 1;
        for (int tile = 0; tile < batches * heads * plan.QueryGrid.Count * plan.KeyGrid.Count; tile++)
        {
            int plane = tile / plan.KeyGrid.Count / plan.QueryGrid.Count;
            (RowRange rows, RowRange keys) = (plan.QueryGrid[tile / plan.KeyGrid.Count % plan.QueryGrid.Count], plan.KeyGrid[tile % plan.KeyGrid.Count]);
            int seen = (
                from row in Enumerable.Range((int)rows.Start, rows.Count)
                from key in Enumerable.Range((int)keys.Start, keys.Count)
                where sees(plane / heads, plane % heads, row, key)
                select 1).Count();
            if (seen == 0)
                skipped++;
            else if (seen == rows.Count * keys.Count)
                full++;
            else
                partial++;
        }
        Assert.Equal(new TileCounts(skipped, partial, full, batches * heads), plan.Counts);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Blocks_cover_every_span_once_in_order(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShape(random, 400);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 40), shape) with { Blocks = random.Next(1, 80) };

        JobPlan plan = JobPlan.Create(shape, options);

        int query = 0, key = 0;
        foreach (PlannedBlock block in plan.Blocks)
        {
            Assert.Equal((query, key), (block.FirstQuerySpan, block.FirstKeySpan));
            Assert.True(block.QuerySpans > 0, $"Block {block.Index} has no query span.");
            for (int span = key; span < key + block.KeySpans; span++)
                Assert.Equal(block.Index, plan.OwnerOf(span));
            (query, key) = (query + block.QuerySpans, key + block.KeySpans);
        }
        Assert.Equal((plan.QueryGrid.Count, plan.KeyGrid.Count), (query, key));
        Assert.Equal(Math.Min(options.Blocks, plan.QueryGrid.Count), plan.Blocks.Count);
    }

    [Fact]
    public void Causal_blocks_cost_about_the_same_and_none_is_much_longer_than_the_others()
    {
        var shape = new AttentionShape(1, 1, 1, 64_000, 64_000, 64, 64);

        JobPlan plan = JobPlan.Create(shape, new AttentionOptions { Causal = CausalAlignment.TopLeft, Blocks = 64, SpanRows = 10 });

        double cost = plan.Cost / 64, spans = 6400 / 64.0;
        Assert.All(plan.Blocks, block => Assert.InRange(block.Cost / cost, 0, 1.13));
        Assert.All(plan.Blocks, block => Assert.InRange(block.QuerySpans / spans, 0, 4.2));
        // By cost alone the first block would have an eighth of the rows, eight times its part.
        Assert.True(plan.Blocks[0].QuerySpans > 3 * plan.Blocks[^1].QuerySpans, "Early rows cost less, so there are more of them in a block.");
    }
}
