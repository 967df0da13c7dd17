using System.Numerics;
using System.Runtime.InteropServices;

namespace Distributed.Engine.Analytics;

/// <summary>A key that a row attends to.</summary>
/// <param name="Key">The key.</param>
/// <param name="Weight">Its weight.</param>
public readonly record struct Link(int Key, float Weight);

/// <summary>
/// The keys that each row attends to most, by falling weight; of equal weights the smaller key comes first. A key of
/// weight 0 is no link: the row does not see it, or its weight is below 2^−125 in every head.
/// </summary>
public sealed class TopLinks : IWeightSink
{
    private readonly Link[] _links;
    private readonly int[] _counts;

    /// <summary>Makes room for all rows.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="perRow">Links to keep of each row.</param>
    public TopLinks(int rows, int perRow)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(perRow, 1);
        (Rows, PerRow) = (rows, perRow);
        _links = new Link[checked(rows * perRow)];
        _counts = new int[rows];
    }

    /// <summary>Query rows.</summary>
    public int Rows { get; }

    /// <summary>Links kept of each row, at most.</summary>
    public int PerRow { get; }

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <summary>The links of one row, strongest first.</summary>
    public ReadOnlySpan<Link> this[int row] => _links.AsSpan(row * PerRow, _counts[row]);

    /// <inheritdoc/>
    public void Take(in WeightTile tile)
    {
        for (int row = 0; row < tile.Rows.Count; row++)
            Take((int)tile.Rows.Start + row, (int)tile.Keys.Start, tile.Row(row));
    }

    // Nearly every weight is below the row's weakest link, so the loop asks that of whole vectors and looks closer only
    // where one passes. Later keys must be strictly stronger, which leaves ties to the smaller key.
    private void Take(int row, int firstKey, ReadOnlySpan<float> weights)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        float weakest = Weakest(row);
        var bound = new Vector<float>(weakest);
        for (int v = 0; v < vectors.Length; v++)
        {
            if (Vector.GreaterThanAny(vectors[v], bound))
            {
                int first = v * Vector<float>.Count;
                weakest = Insert(row, firstKey + first, weights.Slice(first, Vector<float>.Count), weakest);
                bound = new Vector<float>(weakest);
            }
        }
        int rest = vectors.Length * Vector<float>.Count;
        Insert(row, firstKey + rest, weights[rest..], weakest);
    }

    private float Insert(int row, int firstKey, ReadOnlySpan<float> weights, float weakest)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] > weakest)
                weakest = Insert(row, new Link(firstKey + i, weights[i]));
        }
        return weakest;
    }

    private float Insert(int row, Link link)
    {
        ref int count = ref _counts[row];
        Span<Link> links = _links.AsSpan(row * PerRow, PerRow);
        int at = Math.Min(count, PerRow - 1);
        for (; at > 0 && links[at - 1].Weight < link.Weight; at--)
            links[at] = links[at - 1];
        links[at] = link;
        count = Math.Min(count + 1, PerRow);
        return Weakest(row);
    }

    private float Weakest(int row) => _counts[row] < PerRow ? 0f : _links[row * PerRow + PerRow - 1].Weight;
}
