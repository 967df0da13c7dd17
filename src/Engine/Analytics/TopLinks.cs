using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>A key that a row attends to.</summary>
/// <param name="Key">The key.</param>
/// <param name="Weight">Its weight.</param>
public readonly record struct Link(int Key, float Weight);

/// <summary>
/// The keys that each row attends to most, by falling weight; of equal weights the smaller key comes first. A key of
/// weight 0 is no link: the row does not see it, or its weight is below 2^−125 in every head.
/// </summary>
public sealed class TopLinks : IPartialSink
{
    private const int Lanes = 16, Four = 4 * Lanes;

    // Per row whole vectors of weights, falling, and of their keys; 0 and −1 where there is none. What stands behind the last
    // link that is kept counts for nothing.
    private readonly float[] _weights;
    private readonly int[] _keys;
    private readonly int _slots;
    private readonly int _firstRow;

    /// <summary>Makes room for some rows.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="perRow">Links to keep of each row.</param>
    /// <param name="firstRow">The first of the rows.</param>
    public TopLinks(int rows, int perRow, int firstRow = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(perRow, 1);
        (Rows, PerRow, _firstRow) = (rows, perRow, firstRow);
        _slots = SlotsFor(perRow);
        _weights = new float[checked(rows * _slots)];
        _keys = new int[_weights.Length];
    }

    /// <summary>Query rows.</summary>
    public int Rows { get; }

    /// <summary>Links kept of each row, at most.</summary>
    public int PerRow { get; }

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer)
    {
        writer.Write(_firstRow);
        writer.Write(Rows);
        writer.Write(_weights);
        writer.Write(MemoryMarshal.AsBytes<int>(_keys));
    }

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader)
    {
        int first = (reader.ReadInt32() - _firstRow) * _slots, count = reader.ReadInt32() * _slots;
        reader.Read(_weights.AsSpan(first, count));
        reader.Read(MemoryMarshal.AsBytes(_keys.AsSpan(first, count)));
    }

    /// <summary>The links of one row, strongest first.</summary>
    public ReadOnlySpan<Link> this[int row]
    {
        get
        {
            int first = (row - _firstRow) * _slots;
            ReadOnlySpan<float> weights = _weights.AsSpan(first, PerRow);
            int count = weights.IndexOf(0f);
            var links = new Link[count < 0 ? PerRow : count];
            for (int i = 0; i < links.Length; i++)
                links[i] = new Link(_keys[first + i], weights[i]);
            return links;
        }
    }

    /// <summary>Writes the links of one row, strongest first, and −1 and 0 where there are fewer.</summary>
    /// <param name="row">The row.</param>
    /// <param name="keys">As many keys as are kept of a row.</param>
    /// <param name="weights">As many weights.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyTo(int row, Span<long> keys, Span<float> weights)
    {
        int first = (row - _firstRow) * _slots;
        for (int i = 0; i < PerRow; i++)
            (keys[i], weights[i]) = (_weights[first + i] == 0 ? -1 : _keys[first + i], _weights[first + i]);
    }

    /// <summary>Places that a row takes, of 8 bytes each, for so many links.</summary>
    internal static int SlotsFor(int perRow) => (perRow + Lanes - 1) / Lanes * Lanes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in WeightTile tile)
    {
        int weakest = PerRow - 1;
        for (int row = 0; row < tile.Rows.Count; row++)
        {
            int first = ((int)tile.Rows.Start + row - _firstRow) * _slots;
            ReadOnlySpan<float> weights = tile.Row(row);
            if (weights.Length == WeightPass.TileKeys && !Passes(weights, _weights[first + weakest]))
                continue;
            Take(_weights.AsSpan(first, _slots), _keys.AsSpan(first, _slots), (int)tile.Keys.Start, weights);
        }
    }

    // Whether any weight of a whole tile's row may be above a bound. As whole numbers weights of at least 0 stand in the same
    // order, and a NaN, which is no link, is above all: it is looked at, and hides nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Passes(ReadOnlySpan<float> weights, float bound)
    {
        ref float first = ref MemoryMarshal.GetReference(weights);
        Vector512<uint> a = Vector512.Max(At(ref first, 0), At(ref first, 1)), b = Vector512.Max(At(ref first, 2), At(ref first, 3));
        Vector512<uint> c = Vector512.Max(At(ref first, 4), At(ref first, 5)), d = Vector512.Max(At(ref first, 6), At(ref first, 7));
        return Vector512.GreaterThanAny(
            Vector512.Max(Vector512.Max(a, b), Vector512.Max(c, d)), Vector512.Create(BitConverter.SingleToUInt32Bits(bound)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> At(ref float first, int vector) => Vector512.LoadUnsafe(ref first, (nuint)(vector * Lanes)).AsUInt32();

    // Nearly every weight is below the row's weakest link, so the loop asks that of four vectors at once and looks closer only
    // at what passes. Later keys must be strictly stronger, which leaves ties to the smaller key.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Take(Span<float> links, Span<int> keys, int firstKey, ReadOnlySpan<float> weights)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(weights);
        int weakest = PerRow - 1;
        var bound = Vector512.Create(links[weakest]);
        int key = 0;
        for (; key + Four <= weights.Length; key += Four)
        {
            ReadOnlySpan<Vector512<float>> four = vectors.Slice(key / Lanes, 4);
            ulong passing = Vector512.GreaterThan(four[0], bound).ExtractMostSignificantBits()
                | Vector512.GreaterThan(four[1], bound).ExtractMostSignificantBits() << Lanes
                | Vector512.GreaterThan(four[2], bound).ExtractMostSignificantBits() << 2 * Lanes
                | Vector512.GreaterThan(four[3], bound).ExtractMostSignificantBits() << 3 * Lanes;
            if (passing == 0)
                continue;
            if (links.Length == Lanes)
            {
                InsertAll(links, keys, weights[key..], firstKey + key, passing, weakest);
                bound = Vector512.Create(links[weakest]);
                continue;
            }
            for (; passing != 0; passing &= passing - 1)
            {
                int at = key + BitOperations.TrailingZeroCount(passing);
                if (weights[at] > links[weakest])
                    Insert(links, keys, weights[at], firstKey + at);
            }
            bound = Vector512.Create(links[weakest]);
        }
        for (; key < weights.Length; key++)
        {
            if (weights[key] > links[weakest])
                Insert(links, keys, weights[key], firstKey + key);
        }
    }

    // The same for links of a single vector, which stays in registers for all that pass.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InsertAll(Span<float> links, Span<int> keys, ReadOnlySpan<float> weights, int firstKey, ulong passing, int weakest)
    {
        Vector512<float> of = Vector512.Create(links);
        Vector512<int> ofKeys = Vector512.Create(keys);
        for (; passing != 0; passing &= passing - 1)
        {
            int at = BitOperations.TrailingZeroCount(passing);
            var weight = Vector512.Create(weights[at]);
            Vector512<float> weaker = Vector512.LessThan(of, weight);
            if ((weaker.ExtractMostSignificantBits() >> weakest & 1) == 0)
                continue;
            Vector512<float> moved = Moved(of.AsInt32()).AsSingle().WithElement(0, float.PositiveInfinity);
            Vector512<float> behind = Vector512.LessThan(moved, weight);
            of = Vector512.ConditionalSelect(behind, moved, Vector512.ConditionalSelect(weaker, weight, of));
            ofKeys = Vector512.ConditionalSelect(
                behind.AsInt32(), Moved(ofKeys), Vector512.ConditionalSelect(weaker.AsInt32(), Vector512.Create(firstKey + at), ofKeys));
        }
        of.CopyTo(links);
        ofKeys.CopyTo(keys);
    }

    // Behind all that are as strong; what was there moves up by one place, from vector to vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Insert(Span<float> links, Span<int> keys, float weight, int key)
    {
        int at = -1;
        for (int first = 0; first < links.Length; first += Lanes)
        {
            Vector512<float> of = Vector512.Create(links[first..]);
            if (at < 0)
            {
                ulong weaker = Vector512.LessThan(of, Vector512.Create(weight)).ExtractMostSignificantBits();
                if (weaker == 0)
                    continue;
                at = BitOperations.TrailingZeroCount(weaker);
            }
            Vector512<int> ofKeys = Vector512.Create(keys[first..]);
            Vector512<int> before = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(at));
            Vector512<int> here = Vector512.Equals(Vector512<int>.Indices, Vector512.Create(at));
            Vector512.ConditionalSelect(
                before.AsSingle(), of, Vector512.ConditionalSelect(here.AsSingle(), Vector512.Create(weight), Moved(of.AsInt32()).AsSingle()))
                .CopyTo(links[first..]);
            Vector512.ConditionalSelect(before, ofKeys, Vector512.ConditionalSelect(here, Vector512.Create(key), Moved(ofKeys)))
                .CopyTo(keys[first..]);
            (weight, key, at) = (of[Lanes - 1], ofKeys[Lanes - 1], 0);
            if (weight == 0)
                return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Moved(Vector512<int> numbers) =>
        Vector512.Shuffle(numbers, Vector512.Create(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
}
