using System.CommandLine;
using Distributed.Cli.Parsing;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Cli.Commands;

/// <summary>The options that say what a job over tensor files is: a front to its specification.</summary>
internal sealed class JobOptions
{
    private readonly Argument<string?> _input = new("input")
    {
        Description = "File with tensors q [B,Hq,Sq,D], k [B,Hkv,Skv,D] and v [B,Hkv,Skv,Dv]: .safetensors or .npz. Tensors mask, " +
            "bias, valid_keys, documents, key_documents, past_k, past_v, sink_logits, " +
            "alibi_slopes, relative_bias, score_matrix, q_norm, k_norm, q_positions, k_positions, additive_w, additive_u, additive_v, " +
            "location_matrix, relative_keys, relative_queries, content_bias, position_bias and beta are taken too.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _specification = Parsers.Of<string?>(
        "--spec", "FILE", "Take the whole job from a JSON specification (docs/job.schema.json).", text => text);

    private readonly Option<string?> _q = Parsers.Of<string?>("--q", "FILE", "File of q, with --k and --v, instead of INPUT: .npy or any tensor file.", text => text);
    private readonly Option<string?> _k = Parsers.Of<string?>("--k", "FILE", "File of k.", text => text);
    private readonly Option<string?> _v = Parsers.Of<string?>("--v", "FILE", "File of v.", text => text);

    private readonly Option<string[]> _tensors = new("--tensor")
    {
        Description = "An optional tensor in a file of its own, e.g. mask=mask.npy; :TENSOR names one of several in the file. May be repeated.",
        HelpName = "NAME=FILE[:TENSOR]",
    };

    private readonly Option<MechanismKind> _mechanism = Parsers.Of(
        "--mechanism", "softmax|hard|linear|delta",
        "What becomes of the scores: softmax; hard = the best keys alone (--top-k); linear = φ(q)·φ(k) in their place (--feature-map); " +
        "delta = the delta rule, with tensor beta. [default: softmax]", Names.Mechanism);

    private readonly Option<int?> _topK = Parsers.Of(
        "--top-k", "K", "Keys that a row of mechanism hard keeps. [default: 1]", Parsers.Whole<int>("Top-k"));

    private readonly Option<FeatureMap?> _featureMap = Parsers.Of<FeatureMap?>(
        "--feature-map", "elu1|relu|identity", "φ of mechanisms linear and delta. [default: elu1 for linear, identity for delta]",
        text => Names.Features(text));

    private readonly Option<Parsers.Word?> _normalise = Parsers.OfWord(
        "--normalise", "sum|none", "Divide linear attention by the sum of its weights. [default: sum, but none for identity]",
        Names.Normalised);

    private readonly Option<bool> _featureSums = new("--feature-sums")
    {
        Description = "Divide the mapped queries and keys of mechanism delta by the sums of their elements.",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write o [B,Hq,Sq,Dv] to: .safetensors, or .npy where o is all.",
        HelpName = "FILE",
    };

    private readonly Option<HeadLayout> _layout = Parsers.Of(
        "--layout", "bhsd|bshd|bsd", "Order of the axes: batch, head, sequence, dim; bsd has heads and dim in one. [default: bhsd]",
        Names.Layout);

    private readonly Option<(int, int)?> _heads = Parsers.Of<(int, int)?>(
        "--heads", "HQ,HKV", "Heads of q, and of k and v, for layout bsd.", text => Lists.Pair(text, "Heads"));

    private readonly Option<double?> _scale = Parsers.Of(
        "--scale", "F", "Factor on q·k. [default: 1/√D]", Parsers.Number("Scale"));

    private readonly Option<CausalAlignment?> _causal = Parsers.Of<CausalAlignment?>(
        "--causal", "top-left|bottom-right|OFFSET",
        "Hide keys behind a query's own position. Query i stands at key i + offset: 0 for top-left (also without a " +
        "value; behind past keys), Skv - Sq for bottom-right (with valid keys: their number - Sq).",
        text => CausalAlignment.Parse(text));

    private readonly Option<CausalAlignment?> _align = Parsers.Of<CausalAlignment?>(
        "--align", "top-left|bottom-right|OFFSET",
        "Where the queries stand for --window and the like when attention is not causal. [default: top-left]",
        text => CausalAlignment.Parse(text));

    private readonly Option<long?> _prefix = Parsers.Of(
        "--prefix", "N", "The first N keys are seen although --causal hides them.", Parsers.Whole<long>("Prefix"));

    private readonly Option<SlidingWindow?> _window = Parsers.Of<SlidingWindow?>(
        "--window", "LEFT,RIGHT",
        "See only so many keys left and right of a query's position; -1 = no bound. --causal or --align fixes the position, " +
        "else query i stands at key i (behind past keys).",
        text => SlidingWindow.Parse(text));

    private readonly Option<int?> _dilation = Parsers.Of(
        "--dilation", "N", "See only keys whose distance from a query's position is a multiple of N.", Parsers.Whole<int>("Dilation"));

    private readonly Option<(int, int)?> _blockSize = Parsers.Of<(int, int)?>(
        "--block-size", "ROWS,KEYS", "Sizes of the blocks of --block-pairs.", text => Lists.Pair(text, "Block size"));

    private readonly Option<IReadOnlyList<(long, long)>?> _blockPairs = Parsers.Of<IReadOnlyList<(long, long)>?>(
        "--block-pairs", "R:C,...", "Query block R sees key block C only if the pair is listed.", text => Lists.Pairs(text));

    private readonly Option<long?> _globalKeys = Parsers.Of(
        "--global-keys", "N", "The first N keys are seen although --window, --dilation or --block-pairs hide them (attention sinks).",
        Parsers.Whole<long>("Global keys"));

    private readonly Option<long?> _excludeBand = Parsers.Of(
        "--exclude-band", "N", "Hide keys at a distance of N or less from a query's position.", Parsers.Whole<long>("Excluded band"));

    private readonly Option<IReadOnlyList<long>?> _documents = Parsers.Of<IReadOnlyList<long>?>(
        "--documents", "0,N,...,SQ", "Cumulative lengths of packed documents; a query sees the keys of its own.",
        text => Lists.Wholes(text, "Documents"));

    private readonly Option<IReadOnlyList<long>?> _keyDocuments = Parsers.Of<IReadOnlyList<long>?>(
        "--key-documents", "0,N,...,SKV", "The same for the keys, where they differ from the queries.",
        text => Lists.Wholes(text, "Key documents"));

    private readonly Option<IReadOnlyList<long>?> _validKeys = Parsers.Of<IReadOnlyList<long>?>(
        "--valid-keys", "N,...", "Keys of each batch entry that are no padding.", text => Lists.Wholes(text, "Valid keys"));

    private readonly Option<RowNorm> _qkNorm = Parsers.Of(
        "--qk-norm", "l2|rms",
        "Normalise query and key rows: l2 = cosine attention (--scale is 1/temperature), rms = RMSNorm, with factors q_norm and k_norm [D] of the input.",
        Names.Norm);

    private readonly Option<double?> _rope = Parsers.Of(
        "--rope", "BASE", "Rotary embedding of q and k with this base, at their positions or at q_positions and k_positions of the input.",
        Parsers.Number("Rotary base"));

    private readonly Option<int?> _ropeDims = Parsers.Of(
        "--rope-dims", "N", "Turn only the first N elements of a row. [default: all]", Parsers.Whole<int>("Rotary dims"));

    private readonly Option<Parsers.Word?> _ropePairs = Parsers.OfWord(
        "--rope-pairs", "half|interleaved", "Turn element i with i + N/2, or neighbours. [default: half]", Names.RotaryPairs);

    private readonly Option<RotaryScaling?> _ropeScaling = Parsers.Of<RotaryScaling?>(
        "--rope-scaling", "linear:F|ntk:F|yarn:F:TRAINED", "Stretch the frequencies for sequences F times longer.", RotaryScaling.Parse);

    private readonly Option<double?> _softcap = Parsers.Of(
        "--softcap", "C", "Scores become C · tanh(s / C) before masks and biases.", Parsers.Number("Softcap"));

    private readonly Option<int?> _relativeDistance = Parsers.Of(
        "--relative-distance", "N", "Distance from which on tensor relative_bias (T5) has one bucket. [default: 128]",
        Parsers.Whole<int>("Relative distance"));

    private readonly Option<bool> _alibi = new("--alibi")
    {
        Description = "Add -slope · |position - key| with ALiBi's standard slopes (tensor alibi_slopes gives others).",
    };

    private readonly Option<bool> _lse = new("--lse")
    {
        Description = "Also write lse [B,Hq,Sq]: ln of the sum of exponentials of each row's scores (F32).",
    };

    private readonly Option<ScoreKind?> _qkOutput = Parsers.Of<ScoreKind?>(
        "--qk-output", "raw|softcap|masked|weights",
        "Also write qk [B,Hq,Sq,Skv]: scores as they are, after the softcap, after biases and masks, or the weights. For " +
        "small problems, of up to 2^26 numbers.",
        text => Names.Scores(text));

    private readonly Option<ElementType> _type = Parsers.Of(
        "--dtype", "f32|f16|bf16", "Element type of o. [default: f32]", Names.Type);

    private readonly AnalyticsArguments _analytics = new();

    private readonly Option<string[]> _ignore = new("--ignore")
    {
        Description = "A tensor of the input to leave out; any other unknown one is refused. May be repeated.",
        HelpName = "NAME",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_input);
        foreach (Option option in All)
            command.Add(option);
    }

    /// <summary>The job that the options ask for.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="needsOutput">Whether the command writes an output.</param>
    /// <exception cref="InputException">They contradict one another, or one is missing.</exception>
    public FileJobSpecification Specification(ParseResult parsed, bool needsOutput)
    {
        if (parsed.GetValue(_specification) is { } file)
        {
            if (All.FirstOrDefault(option => option != _specification && parsed.GetResult(option) is { Implicit: false }) is { } other)
                throw new InputException($"--spec and {other.Name} exclude one another: the specification says all of the job.");
            return parsed.GetValue(_input) is { } input
                ? throw new InputException($"--spec and the input '{input}' exclude one another: the specification says all of the job.")
                : SpecificationDocument.ReadFile(file);
        }
        return _analytics.AddTo(parsed, new FileJobSpecification
        {
            Inputs = Inputs(parsed),
            Output = parsed.GetValue(_output)
                ?? (needsOutput ? throw new InputException("There is no output: give a file with -o.") : ""),
            Layout = parsed.GetValue(_layout),
            Heads = parsed.GetValue(_heads),
            OutputType = parsed.GetValue(_type),
            WithLogSumExp = parsed.GetValue(_lse),
            QkOutput = parsed.GetValue(_qkOutput),
            Ignore = parsed.GetValue(_ignore) ?? [],
            Options = new AttentionOptions
            {
                Mechanism = new Mechanism
                {
                    Kind = parsed.GetValue(_mechanism),
                    TopK = parsed.GetValue(_topK),
                    FeatureMap = parsed.GetValue(_featureMap),
                    Normalised = parsed.GetValue(_normalise)?.Means,
                    FeatureSums = parsed.GetValue(_featureSums),
                },
                Scale = parsed.GetValue(_scale),
                Causal = parsed.GetValue(_causal),
                Align = parsed.GetValue(_align),
                Prefix = parsed.GetValue(_prefix),
                Window = parsed.GetValue(_window),
                Dilation = parsed.GetValue(_dilation),
                BlockPairs = Pairs(parsed),
                GlobalKeys = parsed.GetValue(_globalKeys),
                ExcludedBand = parsed.GetValue(_excludeBand),
                Documents = Documents(parsed),
                ValidKeys = parsed.GetValue(_validKeys),
                QkNorm = parsed.GetValue(_qkNorm),
                Rotary = Rotary(parsed),
                Softcap = parsed.GetValue(_softcap),
                RelativeDistance = parsed.GetValue(_relativeDistance),
                Alibi = parsed.GetValue(_alibi),
                Blocks = parsed.GetValue(CommonOptions.Blocks) ?? 1,
                Threads = parsed.GetValue(CommonOptions.Threads),
                Device = parsed.GetValue(CommonOptions.Device),
            },
        });
    }

    /// <summary>The first option that was given and says what the job is: any but the output and the threads.</summary>
    public Option? SaysWhatJob(ParseResult parsed) => All.FirstOrDefault(
        option => option != _output && option != CommonOptions.Threads && parsed.GetResult(option) is { Implicit: false });

    /// <summary>Whether the whole job comes from a specification.</summary>
    public bool HasSpecification(ParseResult parsed) => parsed.GetValue(_specification) is not null;

    private Option[] All =>
    [
        _specification, _q, _k, _v, _tensors, _output, _layout, _heads, _type, _lse, _qkOutput, .. _analytics.All, _ignore, _scale, _causal, _align, _prefix, _window, _dilation,
        _blockSize, _blockPairs, _globalKeys, _excludeBand, _documents, _keyDocuments, _validKeys,
        _mechanism, _topK, _featureMap, _normalise, _featureSums, _qkNorm, _rope, _ropeDims, _ropePairs, _ropeScaling, _softcap, _relativeDistance, _alibi,
        CommonOptions.Blocks, CommonOptions.Threads, CommonOptions.Device,
    ];

    private BlockPairs? Pairs(ParseResult parsed) => (parsed.GetValue(_blockSize), parsed.GetValue(_blockPairs)) switch
    {
        (null, null) => null,
        ((int rows, int keys), { } pairs) => new BlockPairs(rows, keys, pairs),
        _ => throw new InputException("--block-size and --block-pairs go together; one of them is missing."),
    };

    private RotaryOptions? Rotary(ParseResult parsed)
    {
        if (parsed.GetValue(_rope) is { } of)
        {
            return new RotaryOptions
            {
                Base = of,
                Dims = parsed.GetValue(_ropeDims),
                Interleaved = parsed.GetValue(_ropePairs)?.Means ?? false,
                Scaling = parsed.GetValue(_ropeScaling),
            };
        }
        Option[] parts = [_ropeDims, _ropePairs, _ropeScaling];
        return parts.FirstOrDefault(part => parsed.GetResult(part) is { Implicit: false }) is { } part
            ? throw new InputException($"{part.Name} goes with --rope BASE, which is missing.")
            : null;
    }

    private PackedDocuments? Documents(ParseResult parsed) => (parsed.GetValue(_documents), parsed.GetValue(_keyDocuments)) switch
    {
        ({ } queries, var keys) => new PackedDocuments(queries, keys),
        (null, null) => null,
        _ => throw new InputException("--key-documents goes with --documents, which is missing."),
    };

    private TensorPaths Inputs(ParseResult parsed)
    {
        TensorPlace[] others = [.. (parsed.GetValue(_tensors) ?? []).Select(TensorPlace.Parse)];
        return QueriesKeysValues(parsed, others.Any(other => other.Name == "location_matrix")) with { Others = others };
    }

    private TensorPaths QueriesKeysValues(ParseResult parsed, bool withoutKeys)
    {
        string? input = parsed.GetValue(_input), q = parsed.GetValue(_q), k = parsed.GetValue(_k), v = parsed.GetValue(_v);
        if (input is not null)
        {
            return q is null && k is null && v is null
                ? TensorPaths.InOneFile(input)
                : throw new InputException($"Input '{input}' and --q, --k, --v exclude one another; give one file or all three.");
        }
        return q is not null && (k is not null || withoutKeys) && v is not null
            ? TensorPaths.Separate(q, k, v)
            : throw new InputException("There is no input: give one file that holds q, k and v, or --q, --k and --v.");
    }
}
