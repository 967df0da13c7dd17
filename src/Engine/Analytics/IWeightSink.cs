namespace Distributed.Engine.Analytics;

/// <summary>
/// Something that is worked out from the attention weights as they pass, since the whole matrix is never held.
/// </summary>
public interface IWeightSink
{
    /// <summary>
    /// Rows that must stay together: tiles of rows <c>n · RowsTogether</c> to <c>(n + 1) · RowsTogether</c> come from one
    /// thread at a time, in a fixed order.
    /// </summary>
    int RowsTogether { get; }

    /// <summary>
    /// Takes a tile. For any row the keys come ascending, each at most once; tiles in which no row sees a key may be left
    /// out. Called from several threads, for different rows.
    /// </summary>
    void Take(in WeightTile tile);
}
