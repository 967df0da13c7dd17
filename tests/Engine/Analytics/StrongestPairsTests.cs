using Distributed.Engine.Analytics;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Tests.Analytics;

public sealed class StrongestPairsTests
{
    [Fact]
    public void Each_pair_of_rows_comes_once_in_its_stronger_direction()
    {
        TopLinks links = Links(new float[,]
        {
            { 0, 0.2f, 0.7f, 0.1f },
            { 0.3f, 0, 0.3f, 0.4f },
            { 0.7f, 0, 0, 0.3f },
            { 0.5f, 0.1f, 0.4f, 0 },
        });
        Assert.Equal(
            [new(0, 2, 0.7f), new(3, 0, 0.5f), new(1, 3, 0.4f), new(3, 2, 0.4f), new(1, 0, 0.3f)],
            StrongestPairs.Of(links, 5));
    }

    [Fact]
    public void A_row_and_itself_are_no_pair() =>
        Assert.Equal([new(1, 0, 0.2f)], StrongestPairs.Of(Links(new[,] { { 0.9f, 0.1f }, { 0.2f, 0.8f } }), 5));

    [Fact]
    public void Rows_that_see_nothing_give_no_pair() => Assert.Empty(StrongestPairs.Of(Links(new float[1, 1]), 50));

    [Fact]
    public void Only_the_strongest_of_a_row_are_kept()
    {
        var row = new float[1, 40];
        for (int key = 0; key < 40; key++)
            row[0, key] = (key * 7 % 40 + 1) / 1000f;
        Assert.Equal([0.04f, 0.039f, 0.038f], Links(row)[0].ToArray().Select(link => link.Weight));
        Assert.Equal([17, 34, 11], Links(row)[0].ToArray().Select(link => link.Key));
    }

    private static unsafe TopLinks Links(float[,] weights)
    {
        var links = new TopLinks(weights.GetLength(0), 3);
        fixed (float* start = weights)
        {
            links.Take(new WeightTile(
                start, weights.GetLength(1), new RowRange(0, weights.GetLength(0)), new RowRange(0, weights.GetLength(1))));
        }
        return links;
    }
}
