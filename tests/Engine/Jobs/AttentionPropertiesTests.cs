using Distributed.Engine.Jobs;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Jobs;

/// <summary>What holds of attention whatever its options, without a judge.</summary>
public class AttentionPropertiesTests
{
    private const double Tolerance = 2e-6;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Weights_of_a_row_sum_to_one_or_to_what_the_sink_leaves(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 60);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 30), shape, anyMechanism: true);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options, anyScores: true) };
        MemorySink result = await problem.RunAsync(options);

        await problem.WithInput(input =>
        {
            ScoreMatrix.Compute(input, options, ScoreKind.Weights, (row, weights) =>
            {
                double sum = weights.ToArray().Sum(weight => (double)weight);
                double sink = problem.Tensors.SinkLogits?[(int)(row / shape.QueryRows % shape.QueryHeads)] ?? double.NegativeInfinity;
                double expected = float.IsNegativeInfinity(result.LogSumExp[row]) ? 0 : 1 - Math.Exp(sink - result.LogSumExp[row]);
                Assert.True(Math.Abs(sum - expected) <= Tolerance, $"Weights of row {row} sum to {sum}, {expected} expected: {shape}, {options}");
            });
            return Task.FromResult(0);
        });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Keys_in_another_order_with_their_values_give_the_same_but_for_rounding(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShape(random, 150);
        var options = new AttentionOptions { SpanRows = random.Next(1, 50), Softcap = random.Next(2) == 0 ? 3 : null };
        var problem = new Problem(shape, seed);
        MemorySink before = await problem.RunAsync(options);

        problem.Shuffle(random);
        MemorySink after = await problem.RunAsync(options);

        Compare.Close([.. before.Output.Select(x => (double)x)], after.Output, Tolerance, $"output of {shape}");
        Compare.Close([.. before.LogSumExp.Select(x => (double)x)], after.LogSumExp, Tolerance, $"LSE of {shape}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Two_parts_of_the_keys_merged_by_their_LSE_are_the_whole(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShape(random, 120) with { KeyRows = random.Next(2, 150) };
        int offset = random.Next(-20, 60), cut = random.Next(1, (int)shape.KeyRows);
        var options = new AttentionOptions
        {
            Causal = CausalAlignment.At(offset),
            Window = new SlidingWindow(random.Next(0, 100), -1),
            Softcap = 5,
            Alibi = true,
            SpanRows = random.Next(1, 40),
        };
        var whole = new Problem(shape, seed);
        MemorySink expected = await whole.RunAsync(options);

        MemorySink left = await whole.Part(0, cut).RunAsync(options);
        MemorySink right = await whole.Part(cut, (int)shape.KeyRows).RunAsync(options with { Causal = CausalAlignment.At(offset - cut) });

        double[] output = new double[expected.Output.Length], lse = new double[expected.LogSumExp.Length];
        for (int row = 0; row < lse.Length; row++)
        {
            double max = Math.Max(left.LogSumExp[row], right.LogSumExp[row]);
            double l = double.IsNegativeInfinity(max) ? 0 : Math.Exp(left.LogSumExp[row] - max), r = double.IsNegativeInfinity(max) ? 0 : Math.Exp(right.LogSumExp[row] - max);
            lse[row] = max + Math.Log(l + r);
            for (int c = 0; c < shape.ValueDim && l + r > 0; c++)
                output[row * shape.ValueDim + c] = (l * left.Output[row * shape.ValueDim + c] + r * right.Output[row * shape.ValueDim + c]) / (l + r);
        }
        Compare.Close(output, expected.Output, Tolerance, $"output of {shape} cut at {cut}, {options}");
        Compare.Close(lse, expected.LogSumExp, Tolerance, $"LSE of {shape} cut at {cut}, {options}");
    }
}
