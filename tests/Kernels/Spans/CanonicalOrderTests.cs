using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Tests.Spans;

public sealed class CanonicalOrderTests
{
    [Fact]
    public void Is_own_span_then_leftwards_then_from_the_right_end()
    {
        var order = new CanonicalOrder(5, 5);
        Assert.Equal([2, 1, 0, 4, 3], Enumerable.Range(0, 5).Select(position => order.KeySpanAt(2, position)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(3, 10)]
    [InlineData(10, 3)]
    public void Visits_every_key_span_once_and_knows_its_position(int querySpans, int keySpans)
    {
        var order = new CanonicalOrder(querySpans, keySpans);
        for (int query = 0; query < querySpans; query++)
        {
            int[] visited = [.. Enumerable.Range(0, keySpans).Select(position => order.KeySpanAt(query, position))];
            Assert.Equal(Enumerable.Range(0, keySpans), visited.Order());
            for (int position = 0; position < keySpans; position++)
                Assert.Equal(position, order.PositionOf(query, visited[position]));
        }
    }

    [Fact]
    public void Span_grid_covers_all_rows_with_a_shorter_last_span()
    {
        var grid = new SpanGrid(2500);
        Assert.Equal(3, grid.Count);
        Assert.Equal(new RowRange(2048, 452), grid[2]);
        Assert.Equal(0, new SpanGrid(0).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpanGrid(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpanGrid(10, SpanGrid.MaxSpanRows + 1));
    }
}
