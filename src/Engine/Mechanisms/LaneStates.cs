using Distributed.Engine.Compute;
using Distributed.Engine.Ring;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Mechanisms;

/// <summary>
/// What a mechanism keeps of query rows while it folds key spans into them: a lane owns the memory and knows the order, the
/// mechanism what stands in it. One object serves all lanes of a job, from several threads.
/// </summary>
internal abstract unsafe class LaneStates
{
    /// <summary>Whether keys and values are folded where they lie, and never packed.</summary>
    public virtual bool FoldsInPlace => false;

    /// <summary>
    /// Whether the heads of a group fold a key span together, by <see cref="FoldTogether"/>, and not each by <see cref="Fold"/>.
    /// </summary>
    public virtual bool FoldsHeadsTogether => false;

    /// <summary>Bytes that <see cref="Begin"/> makes of query rows.</summary>
    public abstract nuint QueryBytes(int rows);

    /// <summary>F32 numbers of the state of query rows: all that must be saved to go on.</summary>
    public abstract nuint StateFloats(int rows);

    /// <summary>Makes query rows ready, and their state that of rows that have seen nothing.</summary>
    /// <param name="queries">The rows, prepared.</param>
    /// <param name="queryHead">Their head.</param>
    /// <param name="memory">Where.</param>
    public abstract void Begin(TensorRows queries, int queryHead, in LaneMemory.Part memory);

    /// <summary>Folds a key span into the state of some rows.</summary>
    /// <param name="fold">What.</param>
    /// <param name="scratch">Memory of this thread.</param>
    /// <returns>What was folded; null when the masks hide all of it from this head.</returns>
    public abstract FoldedTile? Fold(in LaneFold fold, ComputeScratch scratch);

    /// <summary>Folds a key span into the states of some rows of all query heads of a group.</summary>
    /// <param name="first">What, for the first of the heads.</param>
    /// <param name="memory">Queries and states of the lane.</param>
    /// <param name="index">The row group.</param>
    /// <param name="scratch">Memory of this thread.</param>
    /// <returns>What was folded, over all heads.</returns>
    /// <exception cref="NotSupportedException">Heads are not folded together: <see cref="FoldsHeadsTogether"/>.</exception>
    public virtual FoldedTile FoldTogether(in LaneFold first, LaneMemory memory, int index, ComputeScratch scratch) =>
        throw new NotSupportedException("The mechanism does not fold heads together.");

    /// <summary>Writes outputs and LSE of rows whose state is complete.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="batch">Their batch entry.</param>
    /// <param name="queryHead">Their head.</param>
    /// <param name="memory">Their queries and state.</param>
    /// <param name="output"><c>[rows, Dv]</c>.</param>
    /// <param name="logSumExp"><c>[rows]</c>.</param>
    /// <param name="scratch">Memory of this thread.</param>
    public abstract void Finish(
        LaneRows rows, int batch, int queryHead, in LaneMemory.Part memory, Span<float> output, Span<float> logSumExp, ComputeScratch scratch);

    /// <summary>The states of a job's mechanism.</summary>
    public static LaneStates Of(LaneContext context) => context.Plan.Mechanism.Kind switch
    {
        MechanismKind.Softmax => new SoftmaxStates(context),
        MechanismKind.Hard => new HardStates(context),
        MechanismKind other => throw new InvalidOperationException($"Lanes fold scores of single keys, which mechanism {other} has none of."),
    };
}

/// <summary>What a fold did.</summary>
/// <param name="Whole">Tiles of a head in whose way no mask was.</param>
/// <param name="Partial">Tiles of a head of which a mask hid some.</param>
/// <param name="Pairs">Pairs of a query and a key inside the masks.</param>
/// <param name="Cost">Its cost as the plan counts it.</param>
internal readonly record struct FoldedTile(int Whole, int Partial, long Pairs, double Cost)
{
    /// <summary>Both together.</summary>
    public FoldedTile And(FoldedTile other) => new(Whole + other.Whole, Partial + other.Partial, Pairs + other.Pairs, Cost + other.Cost);
}

/// <summary>One key span that is folded into some query rows of one head.</summary>
/// <param name="Batch">Batch entry.</param>
/// <param name="QueryHead">Query head.</param>
/// <param name="KeyHead">Its key head.</param>
/// <param name="Rows">The rows.</param>
/// <param name="KeySpan">The key span.</param>
/// <param name="Packed">The span, packed; null where it is folded in place.</param>
/// <param name="Tile">Where the span lies.</param>
/// <param name="Memory">Queries and state of the rows.</param>
internal readonly record struct LaneFold(
    int Batch, int QueryHead, int KeyHead, LaneRows Rows, int KeySpan, PackedSpanCache.Lease? Packed, IKeyValueTile Tile, LaneMemory.Part Memory);
