using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>
/// How much attention the rows of one segment (a document, a chapter, a speaker's turn) give to the keys of another: the sum
/// of the weights.
/// </summary>
/// <param name="rowStarts">First row of each segment, and behind them the number of rows.</param>
/// <param name="keyStarts">The same for keys.</param>
public sealed class SegmentMass(IReadOnlyList<long> rowStarts, IReadOnlyList<long> keyStarts) : IPartialSink
{
    private readonly long[] _rows = [.. rowStarts], _keys = [.. keyStarts];
    private readonly OrderlessSums _sums = new((rowStarts.Count - 1L) * (keyStarts.Count - 1L));

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer) => _sums.Save(writer);

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader) => _sums.Add(reader);

    /// <summary>The attention that the rows of a segment give to the keys of another.</summary>
    public double this[int rows, int keys] => _sums[rows * (_keys.Length - 1L) + keys];

    /// <summary>Writes the attention between neighbouring pairs of segments, row after row.</summary>
    public void CopyTo(long first, Span<float> masses) => _sums.CopyTo(first, masses);

    /// <inheritdoc/>
    public void Take(in WeightTile tile)
    {
        int rowSegment = SegmentOf(_rows, tile.Rows.Start), firstSegment = SegmentOf(_keys, tile.Keys.Start);
        for (int row = 0, nextRow; row < tile.Rows.Count; row = nextRow, rowSegment++)
        {
            nextRow = (int)Math.Min(tile.Rows.Count, _rows[rowSegment + 1] - tile.Rows.Start);
            for (int key = 0, nextKey, keySegment = firstSegment; key < tile.Keys.Count; key = nextKey, keySegment++)
            {
                nextKey = (int)Math.Min(tile.Keys.Count, _keys[keySegment + 1] - tile.Keys.Start);
                _sums.Add(rowSegment * (_keys.Length - 1L) + keySegment, LaneSum.Of(tile, row, nextRow - row, key, nextKey - key));
            }
        }
    }

    private static int SegmentOf(long[] starts, long at)
    {
        int found = Array.BinarySearch(starts, at);
        return found >= 0 ? found : ~found - 1;
    }
}
