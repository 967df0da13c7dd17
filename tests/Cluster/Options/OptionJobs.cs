using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Cluster.Tests.Options;

/// <summary>
/// Every option at least once: a new one is one more line here. <see cref="OptionCoverageTests"/> tells of one that is missing.
/// </summary>
internal static class OptionJobs
{
    private const int Small = 2100;
    private static readonly AttentionShape Usual = new OptionJob("").Shape;
    private static readonly AttentionShape Square = Usual with { QueryRows = Small, KeyRows = Small };
    private static readonly AttentionShape Cross = Usual with { KeyRows = 4500 };
    private static readonly AttentionShape Past = Usual with { KeyRows = 4300, PastRows = 1200 };

    private static readonly AnalyticsOptions Everything = new()
    {
        Received = true,
        Links = 3,
        Strongest = 20,
        Pooled = 100,
        Distances = true,
        Segments = [0, 7, 3000, Usual.QueryRows],
        KeySegments = [0, 50, Usual.KeyRows],
    };

    /// <summary>What a cluster runs, byte for byte as one process does.</summary>
    public static IReadOnlyList<OptionJob> All { get; } =
    [
        new("q, k and v alone") { Shape = new AttentionShape(1, 1, 1, 7500, 7500, 8, 12) },
        new("many blocks of unequal cost") { Shape = new AttentionShape(2, 2, 1, 6100, 5000, 8, 8), Options = new() { Causal = CausalAlignment.TopLeft, Blocks = 40 } },
        new("`scale`") { Options = new() { Scale = 0.2 } },
        new("`causal` top-left") { Options = new() { Causal = CausalAlignment.TopLeft } },
        new("`causal` bottom-right, cross attention") { Shape = Cross, Options = new() { Causal = CausalAlignment.BottomRight } },
        new("`causal` at an offset") { Options = new() { Causal = CausalAlignment.At(100) } },
        new("`align` with a window, cross attention") { Shape = Cross, Options = new() { Align = CausalAlignment.BottomRight, Window = new SlidingWindow(700, 700) } },
        new("`prefix`") { Options = new() { Causal = CausalAlignment.TopLeft, Prefix = 1500 } },
        new("`window`") { Options = new() { Causal = CausalAlignment.At(100), Window = new SlidingWindow(1500, -1) } },
        new("`global_keys`") { Options = new() { Window = new SlidingWindow(300, 300), GlobalKeys = 5 } },
        new("`dilation`") { Options = new() { Dilation = 3 } },
        new("`exclude_band`") { Options = new() { ExcludedBand = 3 } },
        new("`block_pairs`") { Options = new() { BlockPairs = new BlockPairs(500, 700, [(0, 0), (1, 4), (4, 1), (5, 3), (6, 0)]) } },
        new("`documents`") { Options = new() { Documents = new PackedDocuments([0, 900, 2500, Usual.QueryRows]), Causal = CausalAlignment.TopLeft } },
        new("`documents` and `key_documents`") { Shape = Cross, Options = new() { Documents = new PackedDocuments([0, 900, 3100], [0, 2000, 4500]) } },
        new("tensors `documents` and `key_documents`")
        {
            Shape = Cross,
            Tensors = [new("documents", FileElementType.I64, [3], 0, 900, 3100), new("key_documents", FileElementType.I64, [3], 0, 2000, 4500)],
        },
        new("`valid_keys`") { Shape = Usual with { Batch = 2 }, Options = new() { ValidKeys = [3000, 1100] } },
        new("tensor `valid_keys`") { Shape = Usual with { Batch = 2 }, Tensors = [new("valid_keys", FileElementType.I64, [2], 3000, 1100)] },
        new("tensor `mask`") { Shape = Square, Tensors = [new("mask", FileElementType.Bool, [Small, Small])] },
        new("tensor `bias`, F32") { Shape = Square, Tensors = [new("bias", FileElementType.F32, [Small, Small])] },
        new("tensor `bias`, F16, per head, shorter than the keys") { Tensors = [new("bias", FileElementType.F16, [2, 1, 2600])] },
        new("tensor `bias`, BF16") { Shape = Square, Tensors = [new("bias", FileElementType.BF16, [1, 1, Small, Small])] },
        new("`softcap`") { Options = new() { Softcap = 1.5 } },
        new("`alibi`") { Options = new() { Alibi = true, Causal = CausalAlignment.TopLeft } },
        new("tensor `alibi_slopes`") { Tensors = [new("alibi_slopes", FileElementType.F32, [2])] },
        new("tensor `relative_bias`") { Tensors = [new("relative_bias", FileElementType.F32, [32, 2])] },
        new("`relative_distance`") { Options = new() { RelativeDistance = 300 }, Tensors = [new("relative_bias", FileElementType.F32, [32, 2])] },
        new("tensor `score_matrix`") { Tensors = [new("score_matrix", FileElementType.F32, [2, 8, 8])] },
        new("`mechanism` hard") { Options = new() { Mechanism = new() { Kind = MechanismKind.Hard } } },
        new("`top_k`") { Options = new() { Mechanism = new() { Kind = MechanismKind.Hard, TopK = 9 }, Causal = CausalAlignment.TopLeft } },
        new("`mechanism` linear") { Shape = Usual with { Batch = 2 }, Options = new() { Mechanism = new() { Kind = MechanismKind.Linear } } },
        new("`feature_map` elu1, `normalise` sum, `causal`, GQA")
        {
            Shape = new AttentionShape(1, 4, 2, 7500, 7500, 12, 20),
            Options = new() { Mechanism = new() { Kind = MechanismKind.Linear, FeatureMap = FeatureMap.Elu1, Normalised = true }, Causal = CausalAlignment.TopLeft },
        },
        new("`feature_map` identity, `causal` bottom-right, cross attention")
        {
            Shape = Cross,
            Options = new() { Mechanism = new() { Kind = MechanismKind.Linear, FeatureMap = FeatureMap.Identity }, Causal = CausalAlignment.BottomRight },
            Says = job => job with { WithLogSumExp = false },
        },
        new("`mechanism` linear, `window`, tensor `mask` per head")
        {
            Shape = Square,
            Options = new() { Mechanism = new() { Kind = MechanismKind.Linear }, Window = new SlidingWindow(1500, 200) },
            Tensors = [new("mask", FileElementType.Bool, [2, 1, Small])],
        },
        new("`mechanism` delta, `feature_map` relu, `feature_sums`, tensor `beta`")
        {
            Options = new() { Mechanism = new() { Kind = MechanismKind.Delta, FeatureMap = FeatureMap.Relu, FeatureSums = true } },
            Tensors = [new("beta", FileElementType.F32, [1, 1, 3100])],
            Says = job => job with { WithLogSumExp = false },
        },
        new("`mechanism` delta, `causal`, `qk_norm` l2, tensor `beta`")
        {
            Shape = new AttentionShape(1, 4, 2, 7500, 7500, 12, 20),
            Options = new() { Mechanism = new() { Kind = MechanismKind.Delta }, Causal = CausalAlignment.TopLeft, QkNorm = RowNorm.L2 },
            Tensors = [new("beta", FileElementType.BF16, [1, 2, 7500])],
            Says = job => job with { WithLogSumExp = false },
        },
        new("`mechanism` delta, `documents` and `key_documents`")
        {
            Shape = Cross,
            Options = new()
            {
                Mechanism = new() { Kind = MechanismKind.Delta },
                QkNorm = RowNorm.L2,
                Causal = CausalAlignment.TopLeft,
                Documents = new PackedDocuments([0, 900, 3100], [0, 2000, 4500]),
            },
            Tensors = [new("beta", FileElementType.F32, [1, 1, 4500])],
            Says = job => job with { WithLogSumExp = false },
        },
        new("tensors `additive_w`, `additive_u` and `additive_v`")
        {
            Tensors = [new("additive_w", FileElementType.F32, [2, 5, 8]), new("additive_u", FileElementType.F32, [5, 8]), new("additive_v", FileElementType.F32, [5])],
        },
        new("tensor `location_matrix`") { Tensors = [new("location_matrix", FileElementType.F32, [3100, 8])], Says = job => job with { Ignore = ["k"] } },
        new("tensors `relative_keys`, `content_bias` and `position_bias`")
        {
            Tensors = [new("relative_keys", FileElementType.F32, [129, 8]), new("content_bias", FileElementType.F32, [2, 8]), new("position_bias", FileElementType.F32, [2, 8])],
        },
        new("tensor `relative_queries`") { Tensors = [new("relative_queries", FileElementType.F32, [2, 129, 8])], Options = new() { Causal = CausalAlignment.TopLeft } },
        new("tensor `sink_logits`") { Tensors = [new("sink_logits", FileElementType.F32, [2])] },
        new("`qk_norm` l2") { Options = new() { QkNorm = RowNorm.L2, Scale = 5 } },
        new("`qk_norm` rms, tensors `q_norm` and `k_norm`")
        {
            Options = new() { QkNorm = RowNorm.Rms },
            Tensors = [new("q_norm", FileElementType.F32, [8]), new("k_norm", FileElementType.F32, [8])],
        },
        new("`rope`, neighbouring pairs, base and dims") { Options = new() { Rotary = new RotaryOptions { Base = 500, Dims = 6, Interleaved = true } } },
        new("`rope`, scaling linear") { Options = new() { Rotary = new RotaryOptions { Scaling = new RotaryScaling(RotaryScalingKind.Linear, 4) } } },
        new("`rope`, scaling ntk") { Options = new() { Rotary = new RotaryOptions { Scaling = new RotaryScaling(RotaryScalingKind.Ntk, 4) } } },
        new("`rope`, scaling yarn") { Options = new() { Rotary = new RotaryOptions { Scaling = new RotaryScaling(RotaryScalingKind.Yarn, 4, 1000) } } },
        new("`rope`, tensors `q_positions` and `k_positions`")
        {
            Options = new() { Rotary = new RotaryOptions() },
            Tensors = [new("q_positions", FileElementType.I64, [1, 3100]), new("k_positions", FileElementType.I64, [3100])],
        },
        new("tensors `past_k` and `past_v`")
        {
            Shape = Past,
            Options = new() { Causal = CausalAlignment.TopLeft },
            Tensors = [new("past_k", FileElementType.F32, [1, 1, 1200, 8]), new("past_v", FileElementType.F32, [1, 1, 1200, 8])],
        },
        new("`layout` bshd, BF16 in, F16 out") { Layout = HeadLayout.Bshd, Type = ElementType.BF16, Says = job => job with { OutputType = ElementType.F16 } },
        new("`layout` bsd with `heads`, F16 in, BF16 out") { Layout = HeadLayout.Bsd, Type = ElementType.F16, Says = job => job with { OutputType = ElementType.BF16 } },
        new("`tensors`: a file for tensor `mask`") { Shape = Square, Elsewhere = true, Tensors = [new("mask", FileElementType.Bool, [Small, Small])] },
        new("a file for each of q, k and v, no `lse`") { Apart = true, Says = job => job with { WithLogSumExp = false } },
        new("`ignore`") { Tensors = [new("other", FileElementType.F32, [7])], Says = job => job with { Ignore = ["other"] } },
        new("`analytics` of rows") { Options = new() { Causal = CausalAlignment.TopLeft, RowStatistics = new RowStatisticsOptions(50, 2) } },
        new("`analytics` of weights, each head by itself") { Shape = Usual with { Batch = 2 }, Says = job => job with { Analytics = Everything } },
        new("`analytics` of weights, largest of the heads") { Says = job => job with { Analytics = Everything with { Heads = HeadAggregation.Max } } },
        new("`analytics` of weights, mean of the heads") { Says = job => job with { Analytics = Everything with { Heads = HeadAggregation.Mean } } },
        .. Enum.GetValues<ScoreKind>().Select(kind => new OptionJob($"`qk_output` {kind.ToString().ToLowerInvariant()}")
        {
            Shape = Square with { QueryRows = 1500 },
            Options = new() { Softcap = 2, Alibi = true, Causal = CausalAlignment.BottomRight },
            Says = job => job with { QkOutput = kind },
        }),
    ];

    /// <summary>What a cluster refuses before the start, and how it says so.</summary>
    public static IReadOnlyList<(string Option, Func<FileJobSpecification, FileJobSpecification> Ask, string Says)> Refused { get; } =
    [
        ("`threads`", job => job with { Options = job.Options with { Threads = 2 } }, "Threads 2 cannot be chosen by a job: each silo has its own."),
        .. Enum.GetValues<DeviceKind>().Where(kind => kind != DeviceKind.Auto).Select(kind => new DeviceChoice(kind, kind is DeviceKind.Cuda or DeviceKind.OpenCl ? 1 : null)).Select(device => (
            $"`device` {device}",
            (Func<FileJobSpecification, FileJobSpecification>)(job => job with { Options = job.Options with { Device = device } }),
            $"Device {device} cannot be chosen by a job on a cluster: each silo has its own.")),
    ];
}
