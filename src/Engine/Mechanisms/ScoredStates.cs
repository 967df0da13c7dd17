using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;

namespace Distributed.Engine.Mechanisms;

/// <summary>Mechanisms that work on scores of pairs: masks and what is done to scores are the same for all of them.</summary>
internal abstract unsafe class ScoredStates(LaneContext context) : LaneStates
{
    /// <summary>Cost of a tile of which a mask hides some, as a share of a whole one's: as the plan counts it.</summary>
    protected const double PartialCost = 0.5;

    private readonly PositionTerms? _positionTerms = context.Plan.Scores.PositionTerms;
    private readonly KeyPositionTerms? _keyTerms = KeyPositionTerms.Of(context.Plan.Tensors, context.Plan.Scale);

    protected JobPlan Plan => context.Plan;

    protected LaneContext Context => context;

    public override nuint QueryBytes(int rows) => PackedBytes(rows)
        + (_positionTerms is null ? 0 : (nuint)rows * (nuint)_positionTerms.Stride * sizeof(float));

    public override void Begin(TensorRows queries, int queryHead, in LaneMemory.Part memory)
    {
        CpuKernel kernel = context.KernelFor(queryHead);
        if (_positionTerms is null)
        {
            kernel.PackQueries(queries, Plan.Scale, memory.Queries);
            return;
        }
        using NativeBuffer moved = new((nuint)queries.Count * (nuint)queries.Dim * sizeof(float));
        _positionTerms.WriteTables(
            kernel, PositionTerms.Add(queries, _positionTerms.PositionBias(queryHead), moved.Floats), Plan.Scale, queryHead, Tables(queries.Count, memory));
        kernel.PackQueries(PositionTerms.Add(queries, _positionTerms.ContentBias(queryHead), moved.Floats), Plan.Scale, memory.Queries);
    }

    public override FoldedTile? Fold(in LaneFold fold, ComputeScratch scratch)
    {
        var tile = new MaskTile(fold.Batch, fold.QueryHead, fold.Rows.Rows, Plan.KeyGrid[fold.KeySpan]);
        MaskWords? words = null;
        long seen = (long)tile.Queries.Count * tile.Keys.Count;
        switch (Plan.Masks.Classify(tile))
        {
            case TileClass.Skip:
                return null;
            case TileClass.Partial:
                MaskWords partial = scratch.Words(tile.Queries.Count, tile.Keys.Count);
                Plan.Masks.Apply(tile, partial);
                seen = partial.CountSet();
                words = partial;
                break;
            default:
                break;
        }
        ScoreStage stage = default;
        if (Plan.Scores.HasStage)
            stage = StageFor(tile, fold.Memory, fold.Packed!.Value.Keys, scratch);
        var queries = new PackedQueries(fold.Memory.Queries, tile.Queries.Count, Plan.ScoreDim, Plan.Scores.HasStage ? &stage : null);
        Fold(context.KernelFor(fold.QueryHead), queries, words, fold, scratch);
        double cost = (double)tile.Queries.Count * tile.Keys.Count;
        return words is null ? new FoldedTile(1, 0, seen, cost) : new FoldedTile(0, 1, seen, cost * PartialCost);
    }

    /// <summary>What is done to the scores of a tile, its rows' and keys' own terms included; only where the job has a stage.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="memory">Queries and state of its rows.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="scratch">Memory of this thread; the stage is used before the next one is asked for.</param>
    public ScoreStage StageFor(in MaskTile tile, in LaneMemory.Part memory, in PackedKeys keys, ComputeScratch scratch)
    {
        ScoreStage stage = Plan.Scores.StageFor(tile, scratch.Distances(tile.Queries.Count));
        if (_positionTerms is not null)
        {
            stage = stage with
            {
                Tables = Tables(tile.Queries.Count, memory),
                TableStride = _positionTerms.Stride,
                TableReach = _positionTerms.Reach,
            };
        }
        return _keyTerms is null ? stage : _keyTerms.On(stage, tile, context.KernelFor(tile.QueryHead), keys, scratch);
    }

    /// <summary>The position terms and the softcap alone; only where the job has a stage.</summary>
    public ScoreStage SoftcapStage(in MaskTile tile, in LaneMemory.Part memory, in PackedKeys keys, ComputeScratch scratch)
    {
        ScoreStage all = StageFor(tile, memory, keys, scratch);
        return Plan.Scores.SoftcapAlone with
        {
            Tables = all.Tables,
            TableStride = all.TableStride,
            TableReach = all.TableReach,
            KeyTerms = all.KeyTerms,
            KeyTermStride = all.KeyTermStride,
            KeyTermFirst = all.KeyTermFirst,
            KeyTermRows = all.KeyTermRows,
            KeyTermReach = all.KeyTermReach,
            Distances = all.Distances,
        };
    }

    /// <summary>Folds a key span whose mask and score stage are known.</summary>
    protected abstract void Fold(CpuKernel kernel, in PackedQueries queries, MaskWords? words, in LaneFold fold, ComputeScratch scratch);

    private nuint PackedBytes(int rows) => NativeBuffer.Aligned(context.Kernel0.QueryBytes(rows, Plan.ScoreDim));

    private float* Tables(int rows, in LaneMemory.Part memory) => (float*)(memory.Queries + PackedBytes(rows));
}
