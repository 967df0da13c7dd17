using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// Which keys a query row may see. Rows and keys are counted from the start of their sequences. Masks compose by
/// intersection (<see cref="MaskSet"/>).
/// </summary>
public interface IAttentionMask
{
    /// <summary>The mask in one short phrase for people, e.g. <c>causal (bottom-right)</c>.</summary>
    string Description { get; }

    /// <summary>Whether batch entries can differ. If not, any entry answers for all.</summary>
    bool VariesByBatch => false;

    /// <summary>Whether query heads can differ. If not, any head answers for all.</summary>
    bool VariesByHead => false;

    /// <summary>
    /// Whether <see cref="Classify"/> is as quick for a rectangle of any size. The plan then asks about many spans at once.
    /// </summary>
    bool ClassifiesAnySize => false;

    /// <summary>
    /// What this mask leaves of the rectangle. It may say <see cref="TileClass.Partial"/> only where it is true:
    /// a rectangle that is empty or whole must be called so, as the plan counts on it.
    /// </summary>
    TileClass Classify(in MaskTile tile);

    /// <summary>
    /// Clears, in the words of each row, the bits of the keys that the row must not see. Bits already clear stay so.
    /// </summary>
    void Apply(in MaskTile tile, MaskWords words);
}

/// <summary>A rectangle of the attention matrix of one query head of one batch entry.</summary>
/// <param name="Batch">Batch entry.</param>
/// <param name="QueryHead">Query head.</param>
/// <param name="Queries">Query rows.</param>
/// <param name="Keys">Keys.</param>
public readonly record struct MaskTile(int Batch, int QueryHead, RowRange Queries, RowRange Keys);
