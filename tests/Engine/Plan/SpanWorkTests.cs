using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.Masks;

namespace Distributed.Engine.Tests.Plan;

public class SpanWorkTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Pairs_in_any_rectangle_are_the_sum_over_its_spans(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShape(random, 400);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 40), shape);
        JobPlan plan = JobPlan.Create(shape, options);
        int query = random.Next(plan.QueryGrid.Count), key = random.Next(plan.KeyGrid.Count);
        var rectangle = new SpanRectangle(
            query, random.Next(plan.QueryGrid.Count - query + 1), key, random.Next(plan.KeyGrid.Count - key + 1));

        PairCounts pairs = plan.PairsIn(rectangle);

        (double full, double partial) = (0, 0);
        int heads = plan.Masks.VariesByHead ? shape.QueryHeads : 1, matrices = plan.Counts.Matrices;
        for (int tile = 0; tile < matrices * rectangle.Queries * rectangle.Keys; tile++)
        {
            int matrix = tile / rectangle.Keys / Math.Max(1, rectangle.Queries);
            var of = new MaskTile(
                matrix / heads, matrix % heads, plan.QueryGrid[query + tile / rectangle.Keys % rectangle.Queries],
                plan.KeyGrid[key + tile % rectangle.Keys]);
            double area = (double)of.Queries.Count * of.Keys.Count / matrices;
            TileClass what = plan.Masks.Classify(of);
            full += what == TileClass.Full ? area : 0;
            partial += what == TileClass.Partial ? area / 2 : 0;
        }
        Assert.Equal(full, pairs.Full, tolerance: 1e-6);
        Assert.Equal(partial, pairs.Partial, tolerance: 1e-6);
    }

    /// <summary>Span by span it would be ten thousand million questions to the mask.</summary>
    [Fact]
    public void A_hundred_million_tokens_are_planned_by_the_edge_of_the_mask()
    {
        const int Rows = 100_000_000;
        JobPlan plan = JobPlan.Create(
            new AttentionShape(1, 8, 1, Rows, Rows, 128, 128), new AttentionOptions { Causal = CausalAlignment.TopLeft, Blocks = 4096 });

        long spans = plan.QueryGrid.Count;
        Assert.Equal(new TileCounts(spans * (spans - 1) / 2, spans, spans * (spans - 1) / 2), plan.Counts);
        Assert.Equal(4096, plan.Blocks.Count);
        Assert.Equal(plan.Cost, plan.SpanCosts.Sum(), tolerance: plan.Cost * 1e-12);
    }
}
