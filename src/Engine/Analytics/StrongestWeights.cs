using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>A weight and its place.</summary>
/// <param name="Row">The row that attends.</param>
/// <param name="Key">The key it attends to.</param>
/// <param name="Weight">The weight.</param>
public readonly record struct PlacedWeight(long Row, long Key, float Weight)
{
    /// <summary>Stronger ones first; of equal ones the smaller row, then the smaller key.</summary>
    public static IComparer<PlacedWeight> StrongestFirst { get; } = Comparer<PlacedWeight>.Create((x, y) =>
        x.Weight != y.Weight ? y.Weight.CompareTo(x.Weight)
            : x.Row != y.Row ? x.Row.CompareTo(y.Row) : x.Key.CompareTo(y.Key));
}

/// <summary>The strongest weights of a whole matrix; weights of 0 do not count.</summary>
/// <param name="count">How many to keep.</param>
public sealed class StrongestWeights(int count) : IPartialSink
{
    private readonly SortedSet<PlacedWeight> _kept = new(PlacedWeight.StrongestFirst);
    private readonly Lock _lock = new();
    private float _weakest;

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer)
    {
        writer.Write(_kept.Count);
        foreach (PlacedWeight weight in _kept)
        {
            writer.Write(weight.Row);
            writer.Write(weight.Key);
            writer.Write([weight.Weight]);
        }
    }

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader)
    {
        Span<float> weight = stackalloc float[1];
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            (long row, long key) = (reader.ReadInt64(), reader.ReadInt64());
            reader.Read(weight);
            Add(new PlacedWeight(row, key, weight[0]));
        }
    }

    /// <summary>What was kept, strongest first.</summary>
    public IReadOnlyList<PlacedWeight> Ordered => [.. _kept];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in WeightTile tile)
    {
        // What is NaN is not below, and is looked at row by row.
        if (Volatile.Read(ref _weakest) is > 0f and var least && tile.Columns.Largest() < least)
            return;
        for (int row = 0; row < tile.Rows.Count; row++)
        {
            // As long as there is room a weight of any size passes; then those equal to the weakest are looked at too, since
            // their places decide.
            ReadOnlySpan<float> weights = tile.Row(row);
            float weakest = Volatile.Read(ref _weakest);
            if (weakest > 0 && !Reaches(weights, weakest))
                continue;
            for (int key = 0; key < weights.Length; key++)
            {
                if (weights[key] > 0 && weights[key] >= weakest)
                    weakest = Add(new PlacedWeight(tile.Rows.Start + row, tile.Keys.Start + key, weights[key]));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Reaches(ReadOnlySpan<float> weights, float bound)
    {
        Vector512<float> least = Vector512.Create(bound), reached = Vector512<float>.Zero;
        foreach (Vector512<float> sixteen in MemoryMarshal.Cast<float, Vector512<float>>(weights))
            reached |= Vector512.GreaterThanOrEqual(sixteen, least);
        bool any = reached.AsUInt32() != Vector512<uint>.Zero;
        foreach (float weight in weights[(weights.Length & ~(Vector512<float>.Count - 1))..])
            any |= weight >= bound;
        return any;
    }

    private float Add(PlacedWeight weight)
    {
        lock (_lock)
        {
            if (_kept.Count == count && PlacedWeight.StrongestFirst.Compare(weight, _kept.Max) >= 0)
                return _weakest;
            _kept.Add(weight);
            if (_kept.Count > count)
                _kept.Remove(_kept.Max);
            if (_kept.Count == count)
                _weakest = _kept.Max.Weight;
            return _weakest;
        }
    }
}
