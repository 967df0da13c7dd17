using Distributed.Engine.Files;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Additive;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Rows;
using Distributed.Kernels.Scores;

namespace Distributed.Engine.Jobs;

/// <summary>What options and tensors ask to be done to the scores of a job.</summary>
public sealed unsafe class JobScores
{
    private readonly QueryPositions _positions;
    private readonly double _softcap;
    private readonly IReadOnlyList<float>? _slopes;
    private readonly IReadOnlyList<float>? _sinks;
    private readonly BroadcastTensor? _bias;
    private readonly float[][]? _relative;
    private readonly int _reach;
    private readonly bool _hasKeyTerms;
    private readonly AdditiveScore? _additive;

    private JobScores(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors)
    {
        _positions = JobMasks.Positions(shape, options);
        _softcap = options.Softcap ?? 0;
        _slopes = tensors.AlibiSlopes ?? (options.Alibi && shape.QueryHeads > 0 ? AlibiSlopes.Standard(shape.QueryHeads) : null);
        _sinks = tensors.SinkLogits;
        _bias = tensors.Bias;
        _reach = options.RelativeDistance ?? RelativeBias.DefaultDistance;
        _additive = tensors.Additive;
        PositionTerms = PositionTerms.Of(tensors);
        _hasKeyTerms = tensors.RelativeQueries is not null;
        _relative = tensors.RelativeBias?.Tables(_reach, bothSides: options.Causal is null);
        string[] parts =
        [
            .. options.Mechanism.Description is { } mechanism ? [mechanism] : Array.Empty<string>(),
            .. _additive is not null ? [$"additive scores of {_additive.Units} units"] : Array.Empty<string>(),
            .. tensors.LocationScores ? ["location-based scores"] : Array.Empty<string>(),
            .. PositionTerms is not null ? [$"relative keys up to distance {PositionTerms.Reach}"] : Array.Empty<string>(),
            .. tensors.RelativeQueries is { } queries ? [$"relative queries up to distance {queries.Reach}"] : Array.Empty<string>(),
            .. tensors.ScoreMatrices is not null ? ["score matrix"] : Array.Empty<string>(),
            .. options.QkNorm != RowNorm.None ? [$"QK norm {options.QkNorm.ToString().ToLowerInvariant()}"] : Array.Empty<string>(),
            .. options.Rotary is not null ? ["rotary embedding"] : Array.Empty<string>(),
            .. _softcap != 0 ? [$"softcap {_softcap}"] : Array.Empty<string>(),
            .. _slopes is not null ? [tensors.AlibiSlopes is null ? "ALiBi" : "ALiBi with given slopes"] : Array.Empty<string>(),
            .. _relative is not null ? ["relative bias"] : Array.Empty<string>(),
            .. _bias is not null ? ["bias tensor"] : Array.Empty<string>(),
            .. _sinks is not null ? ["sink logits"] : Array.Empty<string>(),
        ];
        Description = parts.Length == 0 ? "scaled dot product" : string.Join(", ", parts);
    }

    /// <summary>In short, for people.</summary>
    public string Description { get; }

    /// <summary>Whether anything is done to scores before the mask.</summary>
    public bool HasStage => HasPositionTerms || _softcap != 0 || _slopes is not null || _relative is not null || _bias is not null;

    /// <summary>The scores of a job.</summary>
    public static JobScores Of(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors) =>
        new(shape, options, tensors);

    /// <summary>What is done to the scores of one tile; only where <see cref="HasStage"/>.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="distances">Room for a number per row; it is read as long as the stage is used.</param>
    public ScoreStage StageFor(in MaskTile tile, float* distances)
    {
        float slope = _slopes?[tile.QueryHead] ?? 0;
        if (slope != 0 || _relative is not null || HasPositionTerms)
        {
            for (long row = tile.Queries.Start; row < tile.Queries.End;)
            {
                (long offset, long end) = _positions.RunAt(tile.Batch, row);
                for (end = Math.Min(end, tile.Queries.End); row < end; row++)
                    distances[row - tile.Queries.Start] = row + offset - tile.Keys.Start;
            }
        }
        return new ScoreStage(_softcap)
        {
            Slope = slope,
            Relative = _relative is null ? null : (float*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_relative[tile.QueryHead], 0),
            Reach = _reach,
            Distances = distances,
            Bias = BiasFor(tile),
        };
    }

    /// <summary>Whether scores have terms of a query or key and their distance.</summary>
    internal bool HasPositionTerms => PositionTerms is not null || _hasKeyTerms;

    /// <summary>Factorised positional scores; null = none.</summary>
    internal PositionTerms? PositionTerms { get; }

    /// <summary>A kernel that makes scores as the job wants them, with the softmax and the values of another.</summary>
    internal CpuKernel KernelOver(CpuKernel kernel, int queryHead) =>
        _additive is null ? kernel : new AdditiveKernel(kernel, _additive.VectorOf(queryHead));

    /// <summary>The positions that the rows of a tile stand at; only where <see cref="FarthestPosition"/> allows.</summary>
    public int[] PositionsOf(in MaskTile tile)
    {
        var positions = new int[tile.Queries.Count];
        for (long row = tile.Queries.Start; row < tile.Queries.End;)
        {
            (long offset, long end) = _positions.RunAt(tile.Batch, row);
            for (end = Math.Min(end, tile.Queries.End); row < end; row++)
                positions[row - tile.Queries.Start] = checked((int)(row + offset));
        }
        return positions;
    }

    /// <summary>The farthest position that a row stands at, in either direction; 0 where positions do not count.</summary>
    public long FarthestPosition(in AttentionShape shape)
    {
        long farthest = 0;
        for (int batch = 0; (_slopes is not null || _relative is not null) && batch < shape.Batch; batch++)
        {
            for (long row = 0; row < shape.QueryRows;)
            {
                (long offset, long end) = _positions.RunAt(batch, row);
                end = Math.Min(end, shape.QueryRows);
                farthest = Math.Max(farthest, Math.Max(Math.Abs(row + offset), Math.Abs(end - 1 + offset)));
                row = end;
            }
        }
        return farthest;
    }

    /// <summary>The softcap alone, without biases; only where <see cref="HasStage"/>.</summary>
    public ScoreStage SoftcapAlone => new(_softcap);

    /// <summary>The sink logit of a query head; null = none.</summary>
    public float? SinkOf(int queryHead) => _sinks?[queryHead];

    private BiasTile BiasFor(in MaskTile tile)
    {
        if (_bias is not { } bias)
            return default;
        int size = bias.Type.SizeInBits() / 8;
        byte* first = (byte*)bias.Start + tile.Batch * bias.BatchStride + tile.QueryHead * bias.HeadStride
            + tile.Queries.Start * bias.RowStride + tile.Keys.Start * size;
        int there = (int)Math.Clamp(bias.Keys - tile.Keys.Start, 0, tile.Keys.Count);
        return new BiasTile(first, bias.Type.ToElementType()!.Value, bias.RowStride, there);
    }
}
