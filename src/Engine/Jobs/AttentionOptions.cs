using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Rows;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Jobs;

/// <summary>What to compute, and with how much of the machine. Every option is honoured, or refused before the start.</summary>
public sealed record AttentionOptions
{
    /// <summary>Most threads and most blocks that can be asked for.</summary>
    public const int MaxParallelism = 65_536;

    /// <summary>What becomes of the scores, or stands in their place.</summary>
    public Mechanism Mechanism { get; init; } = new();

    /// <summary>The factor on q·k; null = 1/√D, or 1 where scores are no products of q and k.</summary>
    public double? Scale { get; init; }

    /// <summary>Causal attention with the given alignment; null = every key may be seen.</summary>
    public CausalAlignment? Causal { get; init; }

    /// <summary>
    /// Where the queries stand among the keys when attention is not causal; null = behind past keys, from the first key
    /// on. (FlashAttention counts windows and ALiBi from bottom-right, ONNX from top-left.)
    /// </summary>
    public CausalAlignment? Align { get; init; }

    /// <summary>
    /// A sliding window around each query's position. <see cref="Causal"/> or <see cref="Align"/> fixes the positions; without them query row
    /// <c>i</c> stands at key <c>i</c>. Null = no window.
    /// </summary>
    public SlidingWindow? Window { get; init; }

    /// <summary>Keys at the beginning that every query sees although <see cref="Causal"/> hides them; null = none.</summary>
    public long? Prefix { get; init; }

    /// <summary>
    /// Keys at the beginning that <see cref="Window"/>, <see cref="Dilation"/> and <see cref="BlockPairs"/> hide from no
    /// query (attention sinks); null = none.
    /// </summary>
    public long? GlobalKeys { get; init; }

    /// <summary>Only keys whose distance from a query's position is a multiple of this are seen; null = all.</summary>
    public int? Dilation { get; init; }

    /// <summary>Keys at this distance or less from a query's position are not seen; null = no such band.</summary>
    public long? ExcludedBand { get; init; }

    /// <summary>Packed documents; null = one sequence.</summary>
    public PackedDocuments? Documents { get; init; }

    /// <summary>How many keys of each batch entry are seen, the rest being padding; null = all.</summary>
    public IReadOnlyList<long>? ValidKeys { get; init; }

    /// <summary>The pairs of blocks that may be seen; null = all.</summary>
    public BlockPairs? BlockPairs { get; init; }

    /// <summary>Scores become c · tanh(s / c) before masks and biases (Gemma 2; Bello et al., 2017); null or 0 = not.</summary>
    public double? Softcap { get; init; }

    /// <summary>Adds −slope · |position − key| with the standard slope of each head (Press et al., 2022).</summary>
    public bool Alibi { get; init; }

    /// <summary>Distance from which on the tensor of relative biases has one bucket; null = 128, as in T5.</summary>
    public int? RelativeDistance { get; init; }

    /// <summary>How query and key rows are normalised before they meet. With <see cref="RowNorm.L2"/> the scale is 1/temperature.</summary>
    public RowNorm QkNorm { get; init; }

    /// <summary>Rotary position embedding of queries and keys, after the norm; null = none.</summary>
    public RotaryOptions? Rotary { get; init; }

    /// <summary>Statistics of each row's weights to work out beside the output, of which they change no bit; null = none.</summary>
    public RowStatisticsOptions? RowStatistics { get; init; }

    /// <summary>Blocks that the sequence is cut into. It changes the schedule, never the result.</summary>
    /// <value>1.</value>
    public int Blocks { get; init; } = 1;

    /// <summary>Compute threads; null = as many as there are processors. It changes the time, never the result.</summary>
    public int? Threads { get; init; }

    /// <summary>The device that folds tiles, in an F32 job with the bits of the CPU.</summary>
    /// <value>A GPU if there is one that works, else the CPU.</value>
    public DeviceChoice Device { get; init; }

    /// <summary>Rows in a span (<see cref="SpanGrid"/>). Part of what fixes the bits of a result.</summary>
    /// <value><see cref="SpanGrid.MaxSpanRows"/>.</value>
    public int SpanRows { get; init; } = SpanGrid.MaxSpanRows;

    /// <summary>The compute threads of a run in this process.</summary>
    public int ThreadsHere() => Threads ?? Environment.ProcessorCount;

    /// <summary>The factor on q·k for keys of <paramref name="keyDim"/> elements.</summary>
    public double ScaleFor(int keyDim) => Scale ?? 1 / Math.Sqrt(keyDim);

    /// <summary>The masks for an attention of this shape without optional tensors.</summary>
    public MaskSet MasksFor(in AttentionShape shape) => JobMasks.Of(shape, this, AttentionTensors.None);

    /// <summary>Checks every option by itself.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void Validate()
    {
        Mechanism.Validate();
        Require(Scale is not { } scale || double.IsFinite(scale), $"Scale {Scale} is not a finite number.");
        Require(Blocks is >= 1 and <= MaxParallelism, $"Blocks {Blocks} is out of range; 1 to {MaxParallelism} is expected.");
        Require(Threads is null or (>= 1 and <= 1024), $"Threads {Threads} is out of range; 1 to 1024 is expected.");
        Require(
            SpanRows is >= 1 and <= SpanGrid.MaxSpanRows,
            $"Span rows {SpanRows} is out of range; 1 to {SpanGrid.MaxSpanRows} is expected.");
        Require(
            Window is not { } window || (window.Left >= -1 && window.Right >= -1),
            $"Window {Window?.Left},{Window?.Right} is out of range; each side is a number of keys or -1 for no bound.");
        Require(Align is null || Causal is null, $"Alignments {Align} and causal {Causal} exclude one another: causal attention has its own.");
        Require(Prefix is not < 0, $"Prefix {Prefix} is negative; a number of keys is expected.");
        Require(Prefix is null || Causal is not null, $"Prefix {Prefix} has no meaning without causal attention, which it is the exemption from.");
        Require(GlobalKeys is not < 0, $"Global keys {GlobalKeys} is negative; a number of keys is expected.");
        Require(
            GlobalKeys is null || Window is { Left: >= 0 } or { Right: >= 0 } || Dilation is not null || BlockPairs is not null,
            $"Global keys {GlobalKeys} have no meaning without a window, a dilation or block pairs, which they are the exemption from.");
        Require(Dilation is not < 1, $"Dilation {Dilation} is out of range; 1 or more is expected.");
        Require(
            Softcap is not { } cap || cap == 0 || cap is >= 1e-3 and <= 1e6,
            $"Softcap {Softcap} is out of range; 0 (none), or 0.001 to 1000000 is expected.");
        Require(
            QkNorm != RowNorm.L2 || Scale is not null || !Mechanism.HasScores,
            "QK norm l2 needs a scale, the inverse of its temperature: 1/√D is none for cosines.");
        Require(
            RelativeDistance is null or >= 1 and <= 1 << 20,
            $"Relative distance {RelativeDistance} is out of range; 1 to {1 << 20} is expected.");
        RowStatistics?.Validate();
        Require(ExcludedBand is not < 0, $"Excluded band {ExcludedBand} is negative; a distance of 0 or more is expected.");
        Require(
            BlockPairs is not { } pairs || (pairs.QueryBlock >= 1 && pairs.KeyBlock >= 1),
            $"Block size {BlockPairs?.QueryBlock},{BlockPairs?.KeyBlock} is out of range; 1 or more is expected.");
    }

    /// <summary>Checks every option by itself and against the sizes of a job.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void ValidateFor(in AttentionShape shape)
    {
        Validate();
        Documents?.ValidateFor(shape);
        BlockPairs?.ValidateFor(shape);
        Rotary?.ValidateFor(shape);
        if (ValidKeys is not { } valid)
            return;
        Require(valid.Count == shape.Batch, $"There are {valid.Count} numbers of valid keys; one for each of the {shape.Batch} batch entries is expected.");
        foreach (long count in valid)
            Require(count >= 0 && count <= shape.KeyRows, $"Number of valid keys {count} is out of range; 0 to {shape.KeyRows} is expected.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
