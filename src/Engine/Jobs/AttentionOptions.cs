using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Jobs;

/// <summary>What to compute, and with how much of the machine. Every option is honoured, or refused before the start.</summary>
public sealed record AttentionOptions
{
    /// <summary>Most threads and most blocks that can be asked for.</summary>
    public const int MaxParallelism = 65_536;

    /// <summary>The factor on q·k; null = 1/√D.</summary>
    public double? Scale { get; init; }

    /// <summary>Causal attention with the given alignment; null = every key may be seen.</summary>
    public CausalAlignment? Causal { get; init; }

    /// <summary>
    /// A sliding window around each query's position. <see cref="Causal"/> fixes the positions; without it query row
    /// <c>i</c> stands at key <c>i</c>. Null = no window.
    /// </summary>
    public SlidingWindow? Window { get; init; }

    /// <summary>Keys at this distance or less from a query's position are not seen; null = no such band.</summary>
    public long? ExcludedBand { get; init; }

    /// <summary>Blocks that the sequence is cut into. It changes the schedule, never the result.</summary>
    /// <value>1.</value>
    public int Blocks { get; init; } = 1;

    /// <summary>Compute threads. It changes the time, never the result.</summary>
    /// <value>The number of processors.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Rows in a span (<see cref="SpanGrid"/>). Part of what fixes the bits of a result.</summary>
    /// <value><see cref="SpanGrid.MaxSpanRows"/>.</value>
    public int SpanRows { get; init; } = SpanGrid.MaxSpanRows;

    /// <summary>The factor on q·k for keys of <paramref name="keyDim"/> elements.</summary>
    public double ScaleFor(int keyDim) => Scale ?? 1 / Math.Sqrt(keyDim);

    /// <summary>The masks for an attention of this shape.</summary>
    public MaskSet MasksFor(in AttentionShape shape)
    {
        long offset = Causal?.OffsetFor(shape.QueryRows, shape.KeyRows) ?? 0;
        var masks = new List<IAttentionMask>();
        if (Causal is { } alignment)
            masks.Add(BandMask.Causal(alignment.ToString(), offset));
        if (Window is { } window && window is not { Left: < 0, Right: < 0 })
            masks.Add(BandMask.Window(offset, window.Left, window.Right));
        if (ExcludedBand is { } radius)
            masks.Add(new ExcludedBandMask(offset, radius));
        return masks.Count == 0 ? MaskSet.None : new MaskSet(masks);
    }

    /// <summary>Checks every option by itself.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void Validate()
    {
        Require(Scale is not { } scale || double.IsFinite(scale), $"Scale {Scale} is not a finite number.");
        Require(Blocks is >= 1 and <= MaxParallelism, $"Blocks {Blocks} is out of range; 1 to {MaxParallelism} is expected.");
        Require(Threads is >= 1 and <= 1024, $"Threads {Threads} is out of range; 1 to 1024 is expected.");
        Require(
            SpanRows is >= 1 and <= SpanGrid.MaxSpanRows,
            $"Span rows {SpanRows} is out of range; 1 to {SpanGrid.MaxSpanRows} is expected.");
        Require(
            Window is not { } window || (window.Left >= -1 && window.Right >= -1),
            $"Window {Window?.Left},{Window?.Right} is out of range; each side is a number of keys or -1 for no bound.");
        Require(ExcludedBand is not < 0, $"Excluded band {ExcludedBand} is negative; a distance of 0 or more is expected.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
