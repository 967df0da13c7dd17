using Distributed.Engine.Jobs;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Jobs;

public class EmbeddedEngineTests
{
    private static readonly double Tolerance = 1e-6;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Equals_float64_over_random_shapes_and_options(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 200);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 70), shape, anyMechanism: true);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options, anyScores: true) };

        MemorySink result = await problem.RunAsync(options with { Blocks = random.Next(1, 9) });

        (double[] output, double[] lse) = problem.Judge(options);
        Compare.Close(output, result.Output, Tolerance, $"output of {problem.Shape}, {options}");
        Compare.Close(lse, result.LogSumExp, Tolerance, $"LSE of {problem.Shape}, {options}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Blocks_and_threads_change_no_bit(int seed)
    {
        var random = new Random(1000 + seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 300);
        AttentionOptions options = Problem.RandomOptions(random, 5, shape, anyMechanism: true) with { Blocks = 1, Threads = 1 };
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options, anyScores: true) };
        MemorySink expected = await problem.RunAsync(options);
        foreach ((int blocks, int threads) in new[] { (1, 3), (2, 1), (3, 2), (7, 2), (64, 3) })
        {
            MemorySink actual = await problem.RunAsync(options with { Blocks = blocks, Threads = threads });

            string what = $"{blocks} blocks, {threads} threads, {problem.Shape}, {options}";
            Compare.SameBits(expected.Output, actual.Output, $"output with {what}");
            Compare.SameBits(expected.LogSumExp, actual.LogSumExp, $"LSE with {what}");
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2000)]
    [InlineData(2000, 1)]
    public async Task Sequences_may_be_empty_or_of_one_row(int queryRows, int keyRows)
    {
        var problem = new Problem(new AttentionShape(1, 2, 1, queryRows, keyRows, 7, 5), 1);
        var options = new AttentionOptions { Threads = 2 };

        MemorySink result = await problem.RunAsync(options);

        (double[] output, double[] lse) = problem.Judge(options);
        Compare.Close(output, result.Output, Tolerance, "output");
        Compare.Close(lse, result.LogSumExp, Tolerance, "LSE");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Heads_that_share_keys_give_the_bits_of_heads_with_keys_of_their_own(int seed)
    {
        var random = new Random(3000 + seed);
        int keyHeads = random.Next(1, 3), group = random.Next(2, 9);
        var shared = new Problem(
            new AttentionShape(1, keyHeads * group, keyHeads, random.Next(1, 13), random.Next(1, 2500), random.Next(1, 70), random.Next(1, 70)), seed);
        var own = new Problem(shared.Shape with { KeyHeads = shared.Shape.QueryHeads }, seed);
        shared.Q.CopyTo(own.Q, 0);
        foreach ((float[] from, float[] to) in new[] { (shared.K, own.K), (shared.V, own.V) })
        {
            int numbers = from.Length / keyHeads;
            for (int head = 0; head < shared.Shape.QueryHeads; head++)
                Array.Copy(from, head / group * numbers, to, head * numbers, numbers);
        }
        AttentionOptions options = Problem.RandomOptions(random, spanRows: random.Next(1, 4) * 100) with { Threads = 2 };

        MemorySink expected = await own.RunAsync(options), actual = await shared.RunAsync(options);

        Compare.SameBits(expected.Output, actual.Output, $"output of {shared.Shape}, {options}");
        Compare.SameBits(expected.LogSumExp, actual.LogSumExp, $"LSE of {shared.Shape}, {options}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Few_query_rows_against_many_keys_are_exact_and_the_same_for_any_blocks_and_threads(int seed)
    {
        var random = new Random(2000 + seed);
        var problem = new Problem(
            new AttentionShape(1, 2, 2, random.Next(1, 7), random.Next(1, 3000), random.Next(1, 70), random.Next(1, 70)), seed);
        AttentionOptions options = Problem.RandomOptions(random, spanRows: random.Next(1, 4) * 100) with { Threads = 1 };

        MemorySink one = await problem.RunAsync(options);
        MemorySink many = await problem.RunAsync(options with { Threads = 3, Blocks = 3 });

        // The largest of a few means of many values is small, while the sums behind them had larger ones to cancel.
        Compare.Close(problem.Judge(options).Output, one.Output, 2 * Tolerance, $"output of {problem.Shape}, {options}");
        Compare.SameBits(one.Output, many.Output, $"output of {problem.Shape}, {options}");
    }

    [Fact]
    public async Task A_row_that_sees_no_key_gives_zeros_and_minus_infinity()
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 30, 20, 8, 8), 1);

        MemorySink result = await problem.RunAsync(
            new AttentionOptions { Causal = CausalAlignment.BottomRight, SpanRows = 8 });

        Assert.All(result.Output[..(10 * 8)], value => Assert.Equal(0f, value));
        Assert.All(result.LogSumExp[..10], lse => Assert.Equal(float.NegativeInfinity, lse));
        Assert.All(result.LogSumExp[10..], lse => Assert.True(float.IsFinite(lse)));
    }

    [Fact]
    public async Task A_NaN_in_a_query_poisons_its_row_alone()
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 50, 50, 8, 8), 1);
        problem.Q[17 * 8 + 3] = float.NaN;

        MemorySink result = await problem.RunAsync(new AttentionOptions { SpanRows = 16 });

        for (int row = 0; row < 50; row++)
            Assert.Equal(row == 17, float.IsNaN(result.LogSumExp[row]) && result.Output[(row * 8)..(row * 8 + 8)].All(float.IsNaN));
        Assert.Equal(8, result.Output.Count(float.IsNaN));
    }

    [Theory]
    [InlineData('k')]
    [InlineData('v')]
    public async Task A_NaN_in_a_key_or_value_poisons_exactly_the_rows_that_see_it(char where)
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 100, 100, 8, 8), 1);
        float[] tensor = where == 'k' ? problem.K : problem.V;
        tensor.AsSpan(40 * 8, 8).Fill(float.NaN);

        MemorySink result = await problem.RunAsync(
            new AttentionOptions { Causal = CausalAlignment.TopLeft, Window = new(20, -1), SpanRows = 32 });

        for (int row = 0; row < 100; row++)
            Assert.Equal(row is >= 40 and <= 60, float.IsNaN(result.Output[row * 8]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task Standard_slopes_are_those_of_the_paper(int heads)
    {
        var problem = new Problem(new AttentionShape(1, heads, 1, 40, 50, 8, 8), 1);
        var options = new AttentionOptions { Alibi = true, Causal = CausalAlignment.BottomRight, SpanRows = 16 };

        MemorySink result = await problem.RunAsync(options);

        (double[] output, double[] lse) = problem.Judge(options);
        Compare.Close(output, result.Output, Tolerance, "output");
        Compare.Close(lse, result.LogSumExp, Tolerance, "LSE");
    }

    [Fact]
    public async Task Cancelling_ends_the_job()
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 400, 400, 64, 64), 1);
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => problem.WithInput(input => EmbeddedEngine.RunAsync(
            input, new AttentionOptions { Threads = 2, SpanRows = 16, Blocks = 20 }, new Stopper(cancellation), null, cancellation.Token)));
    }

    [Fact]
    public async Task The_report_counts_what_the_masks_left()
    {
        var problem = new Problem(new AttentionShape(2, 4, 2, 100, 100, 8, 6), 1);
        var sink = new MemorySink(problem.Shape);

        JobReport report = await problem.WithInput(input => EmbeddedEngine.RunAsync(
            input, new AttentionOptions { Causal = CausalAlignment.TopLeft, SpanRows = 10 }, sink));

        Assert.Equal(2 * 4 * 100 * 101 / 2, report.PairsSeen);
        Assert.Equal(report.PairsSeen * 2.0 * 14, report.Flops);
        Assert.Equal((45, 10, 45), (report.Tiles.Skipped, report.Tiles.Partial, report.Tiles.Full));
    }

    /// <summary>Cancels with the first rows that are done.</summary>
    private sealed class Stopper(CancellationTokenSource cancellation) : IAttentionSink
    {
        public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp) =>
            cancellation.Cancel();
    }
}
