using Distributed.Engine.Jobs;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Jobs;

public class MemorySinkTests
{
    private static readonly AttentionShape Shape = new(1, 2, 1, 30, 40, 8, 6);

    [Fact]
    public async Task A_result_in_the_memory_of_another_one_has_the_bits_of_one_in_fresh_memory()
    {
        var first = new Problem(Shape, 1);
        var second = new Problem(Shape, 2);
        MemorySink earlier = await first.RunAsync(new AttentionOptions());
        MemorySink fresh = await second.RunAsync(new AttentionOptions());

        var again = new MemorySink(Shape, earlier);
        await second.WithInput(input => EmbeddedEngine.RunAsync(input, new AttentionOptions(), again));

        Assert.Same(earlier.Output, again.Output);
        Assert.Equal(fresh.Output, again.Output);
        Assert.Equal(fresh.LogSumExp, again.LogSumExp);
    }

    [Theory]
    [InlineData(31, 6)]
    [InlineData(30, 7)]
    public void Memory_of_another_size_is_refused(long rows, int valueDim)
    {
        var earlier = new MemorySink(Shape with { QueryRows = rows, ValueDim = valueDim });

        var refused = Assert.Throws<ArgumentException>(() => new MemorySink(Shape, earlier));

        Assert.Contains("expected 360 of 60", refused.Message, StringComparison.Ordinal);
    }
}
