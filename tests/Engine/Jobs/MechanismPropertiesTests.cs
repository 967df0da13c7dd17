using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.Linear;

namespace Distributed.Engine.Tests.Jobs;

/// <summary>What holds of mechanisms and scores beyond a softmax of products, without a judge.</summary>
public class MechanismPropertiesTests
{
    private const double Tolerance = 3e-6;

    private static readonly Dictionary<string, Mechanism> Mechanisms = new()
    {
        ["additive scores"] = new(),
        ["the best key"] = new() { Kind = MechanismKind.Hard },
        ["the best seven"] = new() { Kind = MechanismKind.Hard, TopK = 7 },
        ["the best thousand"] = new() { Kind = MechanismKind.Hard, TopK = 1000 },
        ["linear"] = new() { Kind = MechanismKind.Linear },
        ["linear, relu"] = new() { Kind = MechanismKind.Linear, FeatureMap = FeatureMap.Relu },
        ["linear, sums"] = new() { Kind = MechanismKind.Linear, Normalised = false },
    };

    public static TheoryData<string, int> All => [.. Cases(Mechanisms.Keys)];

    /// <summary>All whose parts say enough: of seven keys out of each part, not all are of the best seven.</summary>
    public static TheoryData<string, int> Mergeable => [.. Cases(Mechanisms.Keys.Where(name => name != "the best seven"))];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Keys_in_another_order_with_their_values_give_the_same_but_for_rounding(string name, int seed)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShape(random, 150);
        var options = new AttentionOptions { SpanRows = random.Next(1, 50), Mechanism = Mechanisms[name] };
        Problem problem = Make(name, shape, random);
        MemorySink before = await problem.RunAsync(options);

        problem.Shuffle(random);
        MemorySink after = await problem.RunAsync(options);

        Compare.Close([.. before.Output.Select(x => (double)x)], after.Output, Tolerance, $"output of {name}, {shape}");
        Compare.Close([.. before.LogSumExp.Select(x => (double)x)], after.LogSumExp, Tolerance, $"LSE of {name}, {shape}");
    }

    /// <summary>
    /// Weights of softmax, and of linear attention that is divided, go by the exponential of the LSE; sums are added; of two best
    /// keys the better one stays.
    /// </summary>
    [Theory]
    [MemberData(nameof(Mergeable))]
    public async Task Two_parts_of_the_keys_merged_are_the_whole(string name, int seed)
    {
        var random = new Random(1000 + seed);
        AttentionShape shape = Problem.RandomShape(random, 120) with { KeyRows = random.Next(2, 150) };
        int offset = random.Next(-20, 60), cut = random.Next(1, (int)shape.KeyRows);
        var options = new AttentionOptions
        {
            Causal = CausalAlignment.At(offset),
            Window = new SlidingWindow(random.Next(0, 100), -1),
            SpanRows = random.Next(1, 40),
            Mechanism = Mechanisms[name],
        };
        Problem whole = Make(name, shape, random);
        MemorySink expected = await whole.RunAsync(options);

        MemorySink left = await whole.Part(0, cut).RunAsync(options);
        MemorySink right = await whole.Part(cut, (int)shape.KeyRows).RunAsync(options with { Causal = CausalAlignment.At(offset - cut) });

        var output = new double[expected.Output.Length];
        for (int row = 0; row < expected.LogSumExp.Length; row++)
        {
            (double l, double r) = name == "linear, sums" ? (1, 1) : Shares(left.LogSumExp[row], right.LogSumExp[row], name == "the best key");
            for (int at = row * shape.ValueDim; at < (row + 1) * shape.ValueDim; at++)
                output[at] = l * left.Output[at] + r * right.Output[at];
        }
        Compare.Close(output, expected.Output, Tolerance, $"output of {name}, {shape} cut at {cut}, {options}");
    }

    private static (double Left, double Right) Shares(double left, double right, bool best)
    {
        double max = Math.Max(left, right);
        if (double.IsNegativeInfinity(max))
            return (0, 0);
        if (best)
            return left == max ? (1, 0) : (0, 1);
        (double l, double r) = (Math.Exp(left - max), Math.Exp(right - max));
        return (l / (l + r), r / (l + r));
    }

    private static Problem Make(string name, AttentionShape shape, Random random) => new(shape, random.Next())
    {
        Tensors = name == "additive scores" ? RandomTensors.AdditiveAlone(shape, random) : null,
    };

    private static IEnumerable<TheoryDataRow<string, int>> Cases(IEnumerable<string> names) =>
        from name in names from seed in Enumerable.Range(0, 12) select new TheoryDataRow<string, int>(name, seed);
}
