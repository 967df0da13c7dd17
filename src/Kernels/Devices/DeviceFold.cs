using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Devices;

/// <summary>Keys and values of one span of one key head, and the name under which a device may keep them.</summary>
/// <param name="Batch">Batch entry.</param>
/// <param name="KeyHead">Key head.</param>
/// <param name="KeySpan">Key span.</param>
/// <param name="Keys">The keys, prepared; read during the call alone.</param>
/// <param name="Values">Their values.</param>
public sealed record DeviceSpan(int Batch, int KeyHead, int KeySpan, Func<TensorRows> Keys, Func<TensorRows> Values);

/// <summary>A key span that a unit folds next.</summary>
/// <param name="Span">The keys and values.</param>
/// <param name="Tile">The rectangle of the attention matrix.</param>
/// <param name="Partial">Whether the mask hides some of it.</param>
/// <param name="Bias">Additive bias of the rectangle; no data = none.</param>
public readonly record struct DeviceStep(DeviceSpan Span, MaskTile Tile, bool Partial, BiasTile Bias);

/// <summary>Query rows of one head, at most one span, and the key spans that they fold, in the canonical order.</summary>
public sealed unsafe class DeviceUnit
{
    /// <summary>The rows, prepared.</summary>
    public required TensorRows Queries { get; init; }

    /// <summary>Their state; changed only when the whole fold has succeeded.</summary>
    public required AttentionState State { get; init; }

    /// <summary>What they fold.</summary>
    public required IReadOnlyList<DeviceStep> Steps { get; init; }

    /// <summary>The stage of the rows' scores without its bias and distances; null = nothing is done to them.</summary>
    public ScoreStage? Stage { get; init; }

    /// <summary>Key positions that the rows stand at; read where distances count.</summary>
    public int[]? Positions { get; init; }
}

/// <summary>Work for a device: units that share a job's sizes.</summary>
/// <param name="Units">The units.</param>
/// <param name="Masks">The job's masks.</param>
public sealed record DeviceFold(IReadOnlyList<DeviceUnit> Units, MaskSet Masks)
{
    /// <summary>(query, key) pairs that were seen: filled in by the device.</summary>
    public long PairsSeen { get; set; }
}
