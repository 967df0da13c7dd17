using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Tests.Jobs;

/// <summary>Linear attention and the delta rule, against float64 and for equal bits.</summary>
public class LinearAttentionTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 50)];

    /// <summary>Features that are all positive do not cancel; the others do, and are judged by what they cancel.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Linear_attention_equals_float64_over_random_shapes_and_masks(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 300);
        AttentionOptions options = Linear(random, Problem.RandomOptions(random, random.Next(1, 200), shape));
        var problem = new Problem(shape, seed) { Tensors = RandomTensors.MaskAlone(shape, random) };

        MemorySink result = await problem.RunAsync(options);

        (double[] output, double[] lse) = problem.JudgeLinear(options);
        Compare.Close(output, result.Output, 3e-6, $"output of {shape}, {options}");
        Compare.Close(lse, result.LogSumExp, 3e-6, $"LSE of {shape}, {options}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task The_delta_rule_equals_float64_over_random_shapes_and_masks(int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 60);
        AttentionOptions options = Delta(random, Problem.RandomOptions(random, random.Next(1, 40), shape), (FeatureMap)(seed % 3));
        var problem = new Problem(shape, seed) { Tensors = RandomTensors.RatesAlone(shape, random) };

        MemorySink result = await problem.RunAsync(options);

        Compare.Close(problem.JudgeDelta(options), result.Output, 1e-5, $"output of {shape}, {options}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Blocks_and_threads_change_no_bit(int seed)
    {
        var random = new Random(500 + seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 300);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 100), shape);
        options = (seed % 2 == 0 ? Linear(random, options) : Delta(random, options, (FeatureMap)(seed / 2 % 3))) with { Threads = 1 };
        var problem = new Problem(shape, seed)
        {
            Tensors = seed % 2 == 0 ? RandomTensors.MaskAlone(shape, random) : RandomTensors.RatesAlone(shape, random),
        };
        MemorySink expected = await problem.RunAsync(options);
        foreach ((int blocks, int threads) in new[] { (1, 3), (3, 2), (17, 5) })
        {
            MemorySink actual = await problem.RunAsync(options with { Blocks = blocks, Threads = threads });

            string what = $"{blocks} blocks, {threads} threads, {shape}, {options}";
            Compare.SameBits(expected.Output, actual.Output, $"output with {what}");
            Compare.SameBits(expected.LogSumExp, actual.LogSumExp, $"LSE with {what}");
        }
    }

    /// <summary>Each key overwrites what was remembered under it: the newest value of a repeated key is read back whole.</summary>
    [Fact]
    public async Task With_a_rate_of_one_the_delta_rule_recalls_the_last_value_of_a_key()
    {
        var shape = new AttentionShape(1, 1, 1, 40, 40, 4, 3);
        var problem = new Problem(shape, 1) { Tensors = RandomTensors.RatesAlone(shape, new Random(1)) };
        problem.K.AsSpan().Clear();
        for (int row = 0; row < 40; row++)
            problem.K[row * 4 + row % 4] = 1;
        problem.K.CopyTo(problem.Q, 0);
        problem.Tensors.Beta.AsSpan().Fill(1);

        MemorySink result = await problem.RunAsync(new AttentionOptions
        {
            Mechanism = new Mechanism { Kind = MechanismKind.Delta },
            Causal = CausalAlignment.TopLeft,
            SpanRows = 16,
        });

        Compare.Close([.. problem.V.Select(number => (double)number)], result.Output, 1e-6, "what is read back");
    }

    [Fact]
    public async Task A_NaN_poisons_exactly_the_rows_that_see_it()
    {
        foreach (char where in "kv")
        {
            var problem = new Problem(new AttentionShape(1, 1, 1, 300, 300, 8, 8), 1);
            (where == 'k' ? problem.K : problem.V).AsSpan(140 * 8, 8).Fill(float.NaN);
            MemorySink result = await problem.RunAsync(new AttentionOptions
            {
                Mechanism = new Mechanism { Kind = MechanismKind.Linear },
                Causal = CausalAlignment.TopLeft,
                Window = new SlidingWindow(100, -1),
                SpanRows = 128,
            });

            for (int row = 0; row < 300; row++)
                Assert.Equal(row is >= 140 and <= 240, float.IsNaN(result.Output[row * 8]));
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2000)]
    [InlineData(2000, 1)]
    public async Task Sequences_may_be_empty_or_of_one_row(int queryRows, int keyRows)
    {
        var shape = new AttentionShape(1, 2, 1, queryRows, keyRows, 7, 5);
        var linear = new Problem(shape, 1);
        var options = new AttentionOptions { Mechanism = new Mechanism { Kind = MechanismKind.Linear } };
        MemorySink result = await linear.RunAsync(options);
        Compare.Close(linear.JudgeLinear(options).Output, result.Output, 2e-6, "linear");

        var delta = new Problem(shape, 1) { Tensors = RandomTensors.RatesAlone(shape, new Random(1)) };
        options = new AttentionOptions { Mechanism = new Mechanism { Kind = MechanismKind.Delta }, QkNorm = RowNorm.L2 };
        result = await delta.RunAsync(options);
        Compare.Close(delta.JudgeDelta(options), result.Output, 1e-5, "delta");
    }

    internal static AttentionOptions Linear(Random random, AttentionOptions options) => options with
    {
        Mechanism = new Mechanism
        {
            Kind = MechanismKind.Linear,
            FeatureMap = random.Next(3) == 0 ? FeatureMap.Relu : random.Next(4) == 0 ? FeatureMap.Identity : null,
            Normalised = random.Next(3) == 0 ? false : null,
        },
        Scale = null,
        Softcap = null,
        Rotary = null,
    };

    internal static AttentionOptions Delta(Random random, AttentionOptions options, FeatureMap map) => new()
    {
        Mechanism = new Mechanism
        {
            Kind = MechanismKind.Delta,
            FeatureMap = map,
            // elu + 1 of rows of length 1 is longer; sums of features that may be negative may be next to nothing.
            FeatureSums = map == FeatureMap.Elu1 || (map == FeatureMap.Relu && random.Next(2) == 0),
        },
        Causal = options.Causal ?? (random.Next(3) == 0 ? null : CausalAlignment.TopLeft),
        Prefix = options.Prefix,
        Documents = options.Documents,
        ValidKeys = options.ValidKeys,
        // Keys longer than 1 would make the memory swing out, in float64 as well.
        QkNorm = RowNorm.L2,
        Scale = random.Next(2) == 0 ? null : 0.5,
        SpanRows = options.SpanRows,
        Threads = options.Threads,
    };
}
