using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Analytics;

public sealed class AnalyticsPartsTests : IDisposable
{
    private static readonly AttentionShape Shape = new(1, 2, 1, 6300, 6300, 8, 4);

    private static readonly AttentionOptions Options = new() { Causal = CausalAlignment.TopLeft, SpanRows = 256 };

    private static readonly AnalyticsOptions Asked = new()
    {
        Received = true,
        Links = 20,
        Strongest = 30,
        Pooled = 40,
        Distances = true,
        Segments = [0, 100, 5000, 6300],
    };

    private static readonly byte[] Key = [1, 2, 3];

    private readonly string _folder = Directory.CreateTempSubdirectory("analytics").FullName;

    [Theory]
    [InlineData(HeadAggregation.Each)]
    [InlineData(HeadAggregation.Mean)]
    public async Task Parts_put_together_in_any_order_have_the_bits_of_one_pass(HeadAggregation heads)
    {
        AnalyticsOptions asked = Asked with { Heads = heads };
        var problem = new Problem(Shape, 7);
        float[] lse = (await problem.RunAsync(Options)).LogSumExp;
        await problem.WithInput(async input =>
        {
            var weights = new JobWeights(input, Options);
            using var pool = new ComputePool(2);
            var whole = new JobAnalytics(Shape, Options, asked);
            await whole.RunAsync(weights, lse, pool, null, default);

            var together = new JobAnalytics(Shape, Options, asked);
            var parts = AnalyticsParts.Of(weights.Plan, asked);
            Assert.True(parts.Count > 1, "There is one part alone; several were to be put together.");
            foreach ((long first, long end, _) in parts.Reverse())
            {
                Assert.False(together.IsComplete);
                together.Add(await MakeAsync(weights, asked, lse, (first, end), pool), Key, (first, end));
            }
            Assert.True(together.IsComplete);

            Assert.Equal(await WrittenAsync(whole, asked), await WrittenAsync(together, asked));
            return 0;
        });
    }

    [Fact]
    public async Task A_part_that_is_damaged_or_another_ones_is_refused_before_anything_is_taken()
    {
        var problem = new Problem(Shape, 8);
        float[] lse = (await problem.RunAsync(Options)).LogSumExp;
        await problem.WithInput(async input =>
        {
            using var pool = new ComputePool(2);
            var weights = new JobWeights(input, Options);
            (long first, long end, _) = AnalyticsParts.Of(weights.Plan, Asked)[0];
            string part = await MakeAsync(weights, Asked, lse, (first, end), pool);
            var whole = new JobAnalytics(Shape, Options, Asked);
            byte[] nothing = await WrittenAsync(whole, Asked);
            Assert.Throws<InvalidDataException>(() => whole.Add(part, new byte[3], (first, end)));
            Assert.Throws<InvalidDataException>(() => whole.Add(part, Key, (first, end + 1)));
            byte[] bytes = File.ReadAllBytes(part);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(part, bytes);
            Assert.Throws<InvalidDataException>(() => whole.Add(part, Key, (first, end)));
            File.WriteAllBytes(part, bytes[..^9]);
            Assert.Throws<InvalidDataException>(() => whole.Add(part, Key, (first, end)));
            Assert.Equal(nothing, await WrittenAsync(whole, Asked));
            return 0;
        });
    }

    [Fact]
    public void Parts_are_of_about_equal_cost_and_have_every_row_once()
    {
        var shape = new AttentionShape(1, 4, 4, 300_000, 300_000, 64, 64);
        foreach (AttentionOptions options in new[] { new AttentionOptions(), Options with { SpanRows = 1024 } })
        {
            var parts = AnalyticsParts.Of(JobPlan.Create(shape, options), Asked with { Segments = null, Pooled = 1024 });
            Assert.Equal(0, parts[0].First);
            Assert.Equal(shape.QueryRows, parts[^1].End);
            Assert.All(parts.Zip(parts.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.First));
            Assert.Equal(1, parts.Sum(part => part.Share), 1e-9);
            Assert.InRange(parts.Count, 30, 32);
            Assert.All(parts.SkipLast(1), part => Assert.InRange(part.Share, 0.025, 0.04));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> MakeAsync(
        JobWeights weights, AnalyticsOptions asked, float[] lse, (long First, long End) rows, ICompute compute)
    {
        var part = new JobAnalytics(Shape, Options, asked, rows);
        float[] ofRows = [.. lse.Chunk((int)Shape.QueryRows).SelectMany(head => head[(int)rows.First..(int)rows.End])];
        await part.RunAsync(weights, ofRows, compute, null, default);
        string path = Path.Combine(_folder, $"{rows.First}");
        part.Save(path, Key);
        return path;
    }

    private async Task<byte[]> WrittenAsync(JobAnalytics analytics, AnalyticsOptions asked)
    {
        string path = Path.Combine(_folder, $"{Guid.NewGuid()}.safetensors");
        using (TensorFileWriter writer = TensorFileWriter.Create(path, [.. JobAnalytics.Tensors(Shape, asked)]))
        {
            using var pool = new ComputePool(1);
            await analytics.WriteAsync(name => writer[name], pool);
            writer.Commit();
        }
        return await File.ReadAllBytesAsync(path);
    }
}
