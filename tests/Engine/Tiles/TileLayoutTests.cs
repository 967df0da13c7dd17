using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Reference;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tests.Tiles;

public class TileLayoutTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 30)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_tile_gathered_in_pieces_has_the_rows_of_the_input(int seed)
    {
        var random = new Random(seed);
        var problem = new Problem(Problem.RandomShape(random, 200), seed);
        AttentionOptions options = new() { SpanRows = random.Next(1, 30), Blocks = random.Next(1, 6) };
        await problem.WithInput(input =>
        {
            JobPlan plan = JobPlan.Create(input.Shape, options);
            TileLayout layout = TileLayout.Of(input, plan);
            var store = new StoreTileSource(input, plan);
            for (int block = 0; block < plan.Blocks.Count; block++)
                Check(layout, store.Tile(block), random.Next(1, 500));
            return Task.FromResult(0);
        });
    }

    private static unsafe void Check(TileLayout layout, IKeyValueTile stored, int piece)
    {
        long bytes = layout.BytesOf(stored.Block);
        using var copy = new NativeBuffer((nuint)bytes);
        for (long start = 0; start < bytes; start += piece)
            layout.Gather(stored, start, new Span<byte>(copy.Pointer + start, (int)Math.Min(piece, bytes - start)));
        PlannedBlock block = layout.Plan.Blocks[stored.Block];
        for (int batch = 0; batch < layout.Plan.Shape.Batch; batch++)
        {
            for (int head = 0; head < layout.Plan.Shape.KeyHeads; head++)
            {
                for (int span = block.FirstKeySpan; span < block.FirstKeySpan + block.KeySpans; span++)
                {
                    Same(stored.Keys(batch, head, span), layout.Rows((nint)copy.Pointer, stored.Block, batch, head, span, false));
                    Same(stored.Values(batch, head, span), layout.Rows((nint)copy.Pointer, stored.Block, batch, head, span, true));
                }
            }
        }
    }

    private static unsafe void Same(TensorRows expected, TensorRows actual)
    {
        Assert.Equal((expected.Count, expected.Dim, expected.Type), (actual.Count, actual.Dim, actual.Type));
        Assert.Equal(0, actual.Start % NativeBuffer.Alignment);
        for (int row = 0; row < expected.Count; row++)
        {
            Assert.True(
                new ReadOnlySpan<float>(expected.Row(row), expected.Dim).SequenceEqual(new ReadOnlySpan<float>(actual.Row(row), actual.Dim)),
                $"Row {row} of the travelling tile differs from the stored one.");
        }
    }
}
