using System.CommandLine;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Commands;

/// <summary>Options that say which cluster and which job are modelled.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<double> _tflops = Number("--tflops", 1, "Speed of a silo: 10^12 floating-point operations a second.");
    private readonly Option<double> _partial = Number(
        "--partial-factor", 1.2, "How much longer a pair takes where a mask is applied (as measured by `validate`).");
    private readonly Option<double> _gbit = Number("--gbit", 10, "Link of a silo, each way: 10^9 bits a second.");
    private readonly Option<double> _latency = Number("--latency-us", 100, "Time of a message: microseconds.");
    private readonly Option<double> _store = Number("--store-mb", 500, "Speed of a silo's way to the store: 10^6 bytes a second.");
    private readonly Option<double> _detection = Number("--detection", 2, "Seconds until a death is known.");
    private readonly Option<double> _checkpoint = Number("--checkpoint-seconds", 5, "Time between checkpoints of a block.");
    private readonly Option<int> _threads = Whole("--threads", 16, "Compute threads of a silo.");
    private readonly Option<int> _atOnce = Whole("--blocks-at-once", 2, "Blocks that a silo computes at a time.");
    private readonly Option<int> _cache = Whole("--tile-cache-mb", 1024, "Tiles of other silos that a silo holds: MiB.");
    private readonly Option<int> _heads = Whole("--heads", 32, "Query heads.");
    private readonly Option<int> _keyHeads = Whole("--key-heads", 8, "Key heads.");
    private readonly Option<int> _dim = Whole("--head-size", 128, "Elements of a query, a key and a value.");
    private readonly Option<int> _window = Whole("--window", 32_768, "Keys before a query that it sees, where the mask is a window.");
    private readonly Option<string> _type = new Option<string>("--type")
    {
        Description = "Element type of keys and values.",
        DefaultValueFactory = _ => "BF16",
    }.AcceptOnlyFromAmong("BF16", "F16", "F32");

    /// <summary>The masks that there are tables of.</summary>
    public static IReadOnlyList<string> Masks { get; } = ["full", "causal", "window"];

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _tflops, _partial, _gbit, _latency, _store, _detection, _checkpoint, _threads, _atOnce, _cache, _heads, _keyHeads, _dim, _window, _type,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The cluster that was asked for.</summary>
    public ClusterModel Cluster(ParseResult parsed, int silos) => new()
    {
        Silos = silos,
        Speed = new Speed(parsed.GetValue(_tflops) * 1e12 / Shape(parsed, 1).FlopsPerPair, parsed.GetValue(_partial)),
        LinkBytesPerSecond = parsed.GetValue(_gbit) * 1e9 / 8,
        Latency = TimeSpan.FromMicroseconds(parsed.GetValue(_latency)),
        StoreBytesPerSecond = parsed.GetValue(_store) * 1e6,
        Detection = TimeSpan.FromSeconds(parsed.GetValue(_detection)),
        CheckpointInterval = TimeSpan.FromSeconds(parsed.GetValue(_checkpoint)),
        Threads = parsed.GetValue(_threads),
        BlocksAtOnce = parsed.GetValue(_atOnce),
        TileCacheBytes = (long)parsed.GetValue(_cache) << 20,
        PartsPerTile = 1,
    };

    /// <summary>The job that was asked for.</summary>
    public JobModel Job(ParseResult parsed, long tokens, string mask) => new(
        Shape(parsed, tokens),
        mask switch
        {
            "causal" => new AttentionOptions { Causal = CausalAlignment.TopLeft },
            "window" => new AttentionOptions { Causal = CausalAlignment.TopLeft, Window = new SlidingWindow(parsed.GetValue(_window), 0) },
            _ => new AttentionOptions(),
        },
        Enum.Parse<ElementType>(parsed.GetRequiredValue(_type)));

    /// <summary>The cluster and the job in one line.</summary>
    public string Describe(ParseResult parsed) =>
        $"{parsed.GetValue(_tflops):g4} TFLOP/s for each silo, {parsed.GetValue(_gbit):g4} Gbit/s links, {parsed.GetValue(_heads)} query heads on " +
        $"{parsed.GetValue(_keyHeads)} key heads of {parsed.GetValue(_dim)}, {parsed.GetRequiredValue(_type)}, window {parsed.GetValue(_window)}, " +
        $"{parsed.GetValue(_atOnce)} blocks at once, tile cache {parsed.GetValue(_cache)} MiB";

    private AttentionShape Shape(ParseResult parsed, long tokens) => new(
        1, parsed.GetValue(_heads), parsed.GetValue(_keyHeads), tokens, tokens, parsed.GetValue(_dim), parsed.GetValue(_dim));

    /// <summary>A whole number of at least 1.</summary>
    public static Option<int> Whole(string name, int otherwise, string description) =>
        Checked(new Option<int>(name) { Description = description, DefaultValueFactory = _ => otherwise }, value => value >= 1, "1 or more");

    /// <summary>A number above 0.</summary>
    public static Option<double> Number(string name, double otherwise, string description) =>
        Checked(new Option<double>(name) { Description = description, DefaultValueFactory = _ => otherwise }, value => value > 0, "a number above 0");

    private static Option<T> Checked<T>(Option<T> option, Func<T, bool> fits, string expected)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is { } value && !fits(value))
                result.AddError($"{option.Name} {value} is out of range; {expected} is expected.");
        });
        return option;
    }
}
