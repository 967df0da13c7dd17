using System.Globalization;
using System.Text.Json.Nodes;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Hard;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;
using static Distributed.Engine.FileJobs.Specification.Schemas;
using static Distributed.Engine.FileJobs.Specification.SpecificationMember;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>The members of a specification, in the order in which they are written.</summary>
internal static class SpecificationMembers
{
    /// <summary>Names that must be there, beside the version.</summary>
    public static IReadOnlyList<string> Required { get; } = ["input", "output"];

    /// <summary>All but the version.</summary>
    public static IReadOnlyList<SpecificationMember> All { get; } = [.. Files(), .. Masks(), .. Scores(), .. Schedule()];

    private static IEnumerable<SpecificationMember> Files() =>
    [
        new("input", Either(
                "The file that holds the tensors, or a file for each of q, k and v; k is left out where tensor location_matrix stands in its place.",
                Type("string"), ThreeFiles()),
            (job, value) => job with { Inputs = ReadInputs(value) },
            job => job.Inputs.Together is { } together
                ? together
                : job.Inputs.K is null
                    ? new JsonObject { ["q"] = job.Inputs.Q, ["v"] = job.Inputs.V }
                    : new JsonObject { ["q"] = job.Inputs.Q, ["k"] = job.Inputs.K, ["v"] = job.Inputs.V }),
        OtherTensorsMember.Create(),
        new("output", Of("string", "The file to write."), (job, value) => job with { Output = value.Text() }, job => job.Output),
        new("layout", OneOf("The order of the axes of q, k, v and o. bsd has three: batch, row, heads times dim.", "bhsd", "bshd", "bsd"),
            (job, value) => job with { Layout = value.Parsed(Names.Layout) },
            job => job.Layout == HeadLayout.Bhsd ? null : Names.Of(job.Layout)),
        new("heads", ListOf(Whole("Heads.", 1), "Heads of q, and of k and v, for layout bsd.", 2),
            (job, value) => job with { Heads = (value.List(2)[0].Int(), value.List(2)[1].Int()) },
            job => job.Heads is { } heads ? new JsonArray(heads.Query, heads.Key) : null),
        new("dtype", OneOf("Element type of o.", "f32", "f16", "bf16"),
            (job, value) => job with { OutputType = value.Parsed(Names.Type) },
            job => job.OutputType == ElementType.F32 ? null : Names.Of(job.OutputType)),
        new("lse", Of("boolean", "Whether to write lse too."),
            (job, value) => job with { WithLogSumExp = value.Flag() }, job => job.WithLogSumExp ? true : null),
        new("qk_output", OneOf("Scores to write as qk [B, Hq, Sq, Skv] too, for small problems.", "raw", "softcap", "masked", "weights"),
            (job, value) => job with { QkOutput = value.Parsed(Names.Scores) },
            job => job.QkOutput is { } kind ? Names.Of(kind) : null),
        new("analytics", AnalyticsMember.Schema, AnalyticsMember.Read, AnalyticsMember.Write),
        new("ignore", ListOf(Type("string"), "Tensors of the input to leave out."),
            (job, value) => job with { Ignore = [.. value.List().Select(name => name.Text())] },
            job => job.Ignore.Count == 0 ? null : new JsonArray([.. job.Ignore.Select(name => JsonValue.Create(name))])),
    ];

    private static IEnumerable<SpecificationMember> Masks() =>
    [
        Option("scale", Of("number", "The factor on q·k. Default: 1/√D."),
            (options, value) => options with { Scale = value.Number() }, options => options.Scale),
        Alignment(
            "causal", "Hide keys behind a query's own position: top-left, bottom-right, or the position of query 0.",
            (options, alignment) => options with { Causal = alignment }, options => options.Causal),
        Alignment(
            "align", "Where the queries stand when attention is not causal: top-left, bottom-right, or the position of query 0.",
            (options, alignment) => options with { Align = alignment }, options => options.Align),
        Option("prefix", Whole("Keys at the beginning that causal attention hides from no query.", 0),
            (options, value) => options with { Prefix = value.Whole() }, options => options.Prefix),
        Option("window", ListOf(Whole("Keys, or -1 for no bound.", -1), "Keys seen left and right of a query's position.", 2),
            (options, value) => options with { Window = new SlidingWindow(value.List(2)[0].Whole(), value.List(2)[1].Whole()) },
            options => options.Window is { } window ? new JsonArray(window.Left, window.Right) : null),
        Option("dilation", Whole("See only keys whose distance from a query's position is a multiple of this.", 1, int.MaxValue),
            (options, value) => options with { Dilation = value.Int() }, options => options.Dilation),
        Option("block_pairs", Object(
                "The pairs of blocks that may be seen.", ("query_block", Whole("Rows of a query block.", 1)),
                ("key_block", Whole("Keys of a key block.", 1)),
                ("pairs", ListOf(ListOf(Whole("Block.", 0), "Query block, key block.", 2), "The pairs."))),
            (options, value) => options with { BlockPairs = ReadPairs(value) },
            options => options.BlockPairs is { } pairs ? WritePairs(pairs) : null),
        Option("global_keys", Whole("Keys at the beginning that window, dilation and block pairs hide from no query.", 0),
            (options, value) => options with { GlobalKeys = value.Whole() }, options => options.GlobalKeys),
        Option("exclude_band", Whole("Hide keys at this distance or less from a query's position.", 0),
            (options, value) => options with { ExcludedBand = value.Whole() }, options => options.ExcludedBand),
        Option("documents", ListOf(Type("integer"), "Cumulative lengths of packed documents: 0, …, Sq."),
            (options, value) => options with { Documents = new PackedDocuments(value.Wholes(), options.Documents?.KeyStarts) },
            options => options.Documents is { } documents ? Numbers(documents.QueryStarts) : null),
        Option("key_documents", ListOf(Type("integer"), "The same for the keys, where they differ from the queries: 0, …, Skv."),
            (options, value) => options with
            {
                Documents = options.Documents is { } documents
                    ? documents with { KeyStarts = value.Wholes() }
                    : throw new InputException($"{value.Path} is given without documents."),
            },
            options => options.Documents?.KeyStarts is { } starts ? Numbers(starts) : null),
        Option("valid_keys", ListOf(Whole("Keys.", 0), "Keys of each batch entry that are no padding."),
            (options, value) => options with { ValidKeys = value.Wholes() },
            options => options.ValidKeys is { } counts ? Numbers(counts) : null),
    ];

    private static IEnumerable<SpecificationMember> Scores() =>
    [
        OfMechanism("mechanism", OneOf("What becomes of the scores, or stands in their place. Default: softmax.", "softmax", "hard", "linear", "delta"),
            (mechanism, value) => mechanism with { Kind = value.Parsed(Names.Mechanism) },
            mechanism => mechanism.Kind == MechanismKind.Softmax ? null : Names.Of(mechanism.Kind)),
        OfMechanism("top_k", Whole("Keys that a row of mechanism hard keeps. Default: 1.", 1, TopKFold.MaxK),
            (mechanism, value) => mechanism with { TopK = value.Int() }, mechanism => mechanism.TopK),
        OfMechanism("feature_map", OneOf("φ of mechanisms linear (default: elu1) and delta (default: identity).", "elu1", "relu", "identity"),
            (mechanism, value) => mechanism with { FeatureMap = value.Parsed(Names.Features) }, mechanism => mechanism.FeatureMap?.Name()),
        OfMechanism("normalise", OneOf("Whether mechanism linear divides by the sum of its weights. Default: sum, but none for feature map identity.", "sum", "none"),
            (mechanism, value) => mechanism with { Normalised = value.Parsed(Names.Normalised) },
            mechanism => mechanism.Normalised is { } normalised ? normalised ? "sum" : "none" : null),
        OfMechanism("feature_sums", Of("boolean", "Whether mechanism delta divides mapped queries and keys by the sums of their elements."),
            (mechanism, value) => mechanism with { FeatureSums = value.Flag() }, mechanism => mechanism.FeatureSums ? true : null),
        Option("qk_norm", OneOf("How query and key rows are normalised before they meet.", "none", "l2", "rms"),
            (options, value) => options with { QkNorm = value.Parsed(Names.Norm) },
            options => options.QkNorm == RowNorm.None ? null : options.QkNorm.ToString().ToLowerInvariant()),
        Option("rope", RotaryMember.Schema, (options, value) => options with { Rotary = RotaryMember.Read(value) },
            options => options.Rotary is { } rotary ? RotaryMember.Write(rotary) : null),
        Option("relative_distance", Whole("Distance from which on tensor relative_bias has one bucket. Default: 128.", 1, 1 << 20),
            (options, value) => options with { RelativeDistance = value.Int() }, options => options.RelativeDistance),
        Option("softcap", Of("number", "c: scores become c · tanh(s / c) before masks and biases."),
            (options, value) => options with { Softcap = value.Number() }, options => options.Softcap),
        Option("alibi", Of("boolean", "Whether to add ALiBi's bias with the standard slopes."),
            (options, value) => options with { Alibi = value.Flag() }, options => options.Alibi ? true : null),
    ];

    private static IEnumerable<SpecificationMember> Schedule() =>
    [
        Option("blocks", Whole("Blocks of the ring. It changes no bit.", 1, AttentionOptions.MaxParallelism),
            (options, value) => options with { Blocks = value.Int() }, options => options.Blocks == 1 ? null : options.Blocks),
        Option("device", Of("string", "What folds tiles: auto, cpu, cuda, cuda:N, opencl or opencl:N. A silo has its own. Default: auto."),
            (options, value) => options with { Device = value.Parsed(Names.Device) },
            options => options.Device == default ? null : options.Device.ToString()),
        Option("threads", Whole("Compute threads. It changes no bit. Default: all processors.", 1, 1024),
            (options, value) => options with { Threads = value.Int() },
            options => options.Threads),
    ];

    private static SpecificationMember OfMechanism(
        string name, JsonObject schema, Func<Mechanism, SpecificationValue, Mechanism> read, Func<Mechanism, JsonNode?> write) => Option(
            name, schema, (options, value) => options with { Mechanism = read(options.Mechanism, value) }, options => write(options.Mechanism));

    private static SpecificationMember Alignment(
        string name, string description, Func<AttentionOptions, CausalAlignment, AttentionOptions> read,
        Func<AttentionOptions, CausalAlignment?> write) => Option(
            name, Either(description, OneOf("Named.", "top-left", "bottom-right"), Type("integer")),
            (options, value) => read(options, ReadCausal(value)),
            options => write(options) is not { } alignment ? null
                : long.TryParse(alignment.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long offset)
                    ? offset : alignment.ToString());

    private static TensorPaths ReadInputs(SpecificationValue value)
    {
        if (value.Element.ValueKind == System.Text.Json.JsonValueKind.String)
            return TensorPaths.InOneFile(value.Text());
        IReadOnlyDictionary<string, SpecificationValue> members = value.Members("q", "k", "v");
        return members.ContainsKey("q") && members.ContainsKey("v")
            ? TensorPaths.Separate(members["q"].Text(), members.TryGetValue("k", out SpecificationValue k) ? k.Text() : null, members["v"].Text())
            : throw value.Not("a file name, or one for each of q, k and v");
    }

    private static JsonObject ThreeFiles()
    {
        JsonObject files = Object("A file for each.", ("q", Type("string")), ("k", Type("string")), ("v", Type("string")));
        files["required"] = new JsonArray("q", "v");
        return files;
    }

    private static CausalAlignment ReadCausal(SpecificationValue value) =>
        value.Element.ValueKind == System.Text.Json.JsonValueKind.Number
            ? CausalAlignment.Parse(value.Whole().ToString(CultureInfo.InvariantCulture))
            : value.Parsed(CausalAlignment.Parse);

    private static BlockPairs ReadPairs(SpecificationValue value)
    {
        IReadOnlyDictionary<string, SpecificationValue> members = value.Members("query_block", "key_block", "pairs");
        return members.Count == 3
            ? new BlockPairs(
                members["query_block"].Int(), members["key_block"].Int(),
                [.. members["pairs"].List().Select(pair => (pair.List(2)[0].Whole(), pair.List(2)[1].Whole()))])
            : throw value.Not("an object with query_block, key_block and pairs");
    }

    private static JsonObject WritePairs(BlockPairs pairs) => new()
    {
        ["query_block"] = pairs.QueryBlock,
        ["key_block"] = pairs.KeyBlock,
        ["pairs"] = new JsonArray([.. pairs.Pairs.Select(pair => new JsonArray(pair.Query, pair.Key))]),
    };

    private static JsonArray Numbers(IReadOnlyList<long> numbers) => new([.. numbers.Select(number => JsonValue.Create(number))]);
}
