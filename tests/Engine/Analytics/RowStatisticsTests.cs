using Distributed.Engine.Jobs;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.States;

namespace Distributed.Engine.Tests.Analytics;

public class RowStatisticsTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Equal_float64_and_change_no_bit_of_the_output(int seed)
    {
        var random = new Random(3000 + seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 200);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 70), shape);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options) };
        var asked = new RowStatisticsOptions(random.Next(0, 40), random.Next(0, 90));

        MemorySink plain = await problem.RunAsync(options);
        MemorySink result = await problem.RunAsync(options with { RowStatistics = asked, Blocks = random.Next(1, 9) });

        string what = $"{shape}, {options}";
        Compare.SameBits(plain.Output, result.Output, $"output of {what}");
        Compare.SameBits(plain.LogSumExp, result.LogSumExp, $"LSE of {what}");
        double[] weights = problem.JudgeWeights(options);
        double[] expected = [.. Enumerable.Range(0, shape.Batch * shape.QueryHeads * (int)shape.QueryRows)
            .SelectMany(row => Exact(shape, options, asked, weights.AsSpan(row * (int)shape.KeyRows, (int)shape.KeyRows).ToArray(), row))];
        Assert.Equal(expected.Length, result.Statistics.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            // Distances are up to a few hundred, and their error is relative.
            Assert.True(
                Math.Abs(expected[i] - result.Statistics[i]) <= 3e-6 * Math.Max(1, Math.Abs(expected[i])),
                $"{(RowStatistic)(i % 7)} of row {i / 7} is {result.Statistics[i]:R} instead of {expected[i]:R}; {what}");
        }
    }

    [Theory]
    [InlineData(false, 2600)]
    [InlineData(true, 2600)]
    [InlineData(true, 5000)]
    public async Task Keys_far_behind_and_far_ahead_equal_float64(bool atTheEnd, int keys)
    {
        var shape = new AttentionShape(1, 2, 1, 30, keys, 8, 4);
        AttentionOptions options = new() { Causal = atTheEnd ? CausalAlignment.BottomRight : null };
        var asked = new RowStatisticsOptions(Window: 70, Sinks: 3);
        var problem = new Problem(shape, keys);

        MemorySink result = await problem.RunAsync(options with { RowStatistics = asked });

        double[] weights = problem.JudgeWeights(options);
        for (int row = 0; row < 60; row++)
        {
            double[] expected = Exact(shape, options, asked, weights.AsSpan(row * keys, keys).ToArray(), row);
            for (int i = 0; i < 7; i++)
            {
                Assert.True(
                    Math.Abs(expected[i] - result.Statistics[row * 7 + i]) <= 3e-6 * Math.Max(1, Math.Abs(expected[i])),
                    $"{(RowStatistic)i} of row {row} is {result.Statistics[row * 7 + i]:R} instead of {expected[i]:R}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Blocks_and_threads_change_no_bit(int seed)
    {
        var random = new Random(4000 + seed);
        AttentionShape shape = Problem.RandomShape(random, 300);
        AttentionOptions options = Problem.RandomOptions(random, 5, shape) with { Threads = 1, RowStatistics = new RowStatisticsOptions(9, 3) };
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options) };
        MemorySink expected = await problem.RunAsync(options);
        foreach ((int blocks, int threads) in new[] { (1, 3), (3, 2), (64, 3) })
        {
            MemorySink actual = await problem.RunAsync(options with { Blocks = blocks, Threads = threads });

            Compare.SameBits(expected.Statistics, actual.Statistics, $"statistics with {blocks} blocks, {threads} threads, {shape}, {options}");
        }
    }

    [Fact]
    public async Task A_row_of_one_key_and_a_row_of_none()
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 3, 2, 4, 4), 1);
        MemorySink result = await problem.RunAsync(
            new AttentionOptions { Causal = CausalAlignment.At(-1), RowStatistics = new RowStatisticsOptions(0, 1) });

        Assert.Equal([0, 0, 0, 0, 0, 0, 0], result.Statistics.Take(7));
        Assert.Equal([0, 1, 0, 0, 0, 1, 1], result.Statistics.Skip(7).Take(7));
    }

    [Fact]
    public async Task A_sink_that_takes_none_is_refused()
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 3, 2, 4, 4), 1);
        await Assert.ThrowsAsync<ArgumentException>(() => problem.WithInput(input => EmbeddedEngine.RunAsync(
            input, new AttentionOptions { RowStatistics = new RowStatisticsOptions() }, new OutputOnly())));
    }

    private static double[] Exact(AttentionShape shape, AttentionOptions options, RowStatisticsOptions asked, double[] weights, int row)
    {
        long position = Attention64.PositionOf(shape, options, row / shape.QueryRows / shape.QueryHeads, row % shape.QueryRows);
        IEnumerable<(double W, long D)> terms = weights.Select((w, key) => (w, position - key)).ToArray();
        return
        [
            -terms.Sum(t => t.W > 0 ? t.W * Math.Log(t.W) : 0),
            terms.Max(t => t.W),
            terms.Sum(t => t.W * Math.Abs(t.D)),
            Math.Sqrt(terms.Sum(t => t.W * t.D * t.D)),
            terms.Sum(t => t.W * t.D),
            terms.Sum(t => Math.Abs(t.D) <= asked.Window ? t.W : 0),
            weights.Take((int)asked.Sinks).Sum(),
        ];
    }

    private sealed class OutputOnly : IAttentionSink
    {
        public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp)
        {
        }
    }
}
