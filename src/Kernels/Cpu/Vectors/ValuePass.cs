using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Second pass over a block of rows: scores become weights, and weighted values are summed. The weights of one tile are
/// made while the values of the tile before it are multiplied.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">A strip of two vectors.</typeparam>
/// <typeparam name="T3">A strip of three vectors.</typeparam>
/// <typeparam name="T4">A strip of four vectors.</typeparam>
internal static unsafe class ValuePass<T, T2, T3, T4>
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
    where T3 : struct, IStrip<T3>
    where T4 : struct, IStrip<T4>
{
    private const int Group = Blocking.GroupRows;

    /// <summary>Bytes that a register tile on some keys asks for ahead of time: a line for every two.</summary>
    private static nint FetchedBytes(KeyRange keys) => (keys.End - keys.First) / 2 * Ahead.LineBytes;

    /// <summary>Fills <see cref="Workspace.WeightSums"/> and <see cref="Workspace.Sums"/>.</summary>
    /// <param name="values">Packed values.</param>
    /// <param name="strips">Their strips.</param>
    /// <param name="mask">The mask, where keys that a row may not see must be left out of its sum; null otherwise.</param>
    /// <param name="block">The rows.</param>
    /// <param name="work">The workspace.</param>
    /// <param name="output">The rows' part of the state, which the sums are added to next: fetched during the last tile.</param>
    /// <param name="then">What is read after that, fetched likewise.</param>
    /// <param name="made">Whether <see cref="StatisticsPass{T}"/> has made the weights and their sums already.</param>
    /// <remarks>
    /// A tile's keys of a strip (256 × 64 numbers, 64 KB) is passed over by all groups before the next one, and comes from the
    /// second-level cache each time: one line in 3 cycles, which costs nothing measurable.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in PackedValues values, ColumnStrips strips, MaskWords? mask, RowBlock block, Workspace work, byte* output, byte* then, bool made)
    {
        Begin(strips, block, work, made);
        var walk = new TileWalk(block, values.Count);
        if (!walk.MoveNext())
            return;
        WeightRows next = default;
        if (!made)
        {
            next = new WeightRows(work, walk.Group, block.RowsOf(walk.Group), walk.Keys);
            WeightRows.Finish<T>(ref next);
        }
        for (bool more = true; more;)
        {
            (int group, KeyRange keys) = (walk.Group, walk.Keys);
            more = walk.MoveNext();
            if (more && !made)
                next = new WeightRows(work, walk.Group, block.RowsOf(walk.Group), walk.Keys);
            byte* ahead = null;
            if (keys.First + Blocking.TileKeys >= values.Count)
            {
                // Output rows first, as many lines as there are, then the rest; each tile asks for its part.
                nint at = (nint)group * strips.Count * FetchedBytes(keys), outputs = (nint)block.Rows * strips.ValueDim * sizeof(float);
                ahead = at < outputs ? output + at : then + (at - outputs);
            }
            Multiply((float*)values.Data, values.Count, 0, strips, mask, block, group, keys, work, ref next, ahead);
            if (next.Pieces > 0)
                WeightRows.Finish<T>(ref next);
        }
    }

    /// <summary>The same on values that are packed tile by tile on the way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunDirect(in RowStream stream, ColumnStrips strips, MaskWords? mask, RowBlock block, Workspace work, bool made)
    {
        Begin(strips, block, work, made);
        for (int group = 0; group < block.Groups; group++)
        {
            if (made || block.Seen(group).IsEmpty)
                continue;
            var weights = new WeightRows(work, group, block.RowsOf(group), block.Seen(group));
            WeightRows.Finish<T>(ref weights);
        }
        if (mask is null)
        {
            ValueStream<T, T2, T3, T4>.Run(stream, strips, block, work);
            return;
        }
        TensorRows values = stream.Rows;
        for (int first = 0; first < values.Count; first += Blocking.TileKeys)
        {
            var tile = new KeyRange(first, Math.Min(values.Count, first + Blocking.TileKeys));
            if (!block.SeesAny(tile))
                continue;
            int count = tile.End - first;
            bool finite = ValuePacking<T>.Pack(values.Slice(first, count), strips, work.TileValues);
            for (int group = 0; group < block.Groups; group++)
            {
                KeyRange seen = block.Seen(group);
                var keys = new KeyRange(Math.Max(first, seen.First), Math.Min(tile.End, seen.End));
                WeightRows none = default;
                if (!keys.IsEmpty)
                {
                    Multiply(
                        work.TileValues, count, first, strips, finite ? null : mask, block, group, keys, work, ref none,
                        (byte*)work.TileValues);
                }
            }
        }
    }

    private static void Begin(ColumnStrips strips, RowBlock block, Workspace work, bool made)
    {
        if (!made)
            new Span<float>(work.WeightSums, block.Groups * Group * Arithmetic.Lanes).Clear();
        new Span<float>(work.Sums, block.Groups * Group * strips.Columns).Clear();
    }

    /// <summary>Weights of one group times the values of some keys, strip by strip.</summary>
    /// <param name="values">Packed values of <paramref name="count"/> keys from <paramref name="from"/> on.</param>
    /// <param name="count">Keys packed.</param>
    /// <param name="from">First key packed.</param>
    /// <param name="strips">The strips.</param>
    /// <param name="mask">The mask, if hidden keys must be left out; null otherwise.</param>
    /// <param name="block">The rows.</param>
    /// <param name="group">The group.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="work">The workspace.</param>
    /// <param name="next">Scores of another tile that become weights on the way.</param>
    /// <param name="ahead">What to fetch; null = the values of the next tile.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        float* values, int count, int from, ColumnStrips strips, MaskWords? mask, RowBlock block, int group, KeyRange keys,
        Workspace work, ref WeightRows next, byte* ahead)
    {
        float* weights = work.Scores + (nint)group * Group * Blocking.ScoreStride + keys.First;
        int pieces = (next.Pieces + strips.Count - 1) / strips.Count;
        for (int index = 0; index < strips.Count; index++)
        {
            ColumnStrip strip = strips[index];
            float* of = values + (nint)strip.First * count + (nint)(keys.First - from) * strip.Width;
            float* sums = work.SumsOf(group, strip);
            if (mask is { } words)
            {
                SumSeen(of, keys, words, block, group, strip, work.Scores, sums);
                continue;
            }
            byte* fetch = ahead is null
                ? (byte*)(of + Blocking.TileKeys * strip.Width) +
                  (nint)(group % (2 * strip.Vectors)) * (Blocking.TileKeys / 2) * Ahead.LineBytes
                : ahead + index * FetchedBytes(keys);
            switch (strip.Vectors)
            {
                case 1:
                    ValueTiles.Compute<T, T>(weights, of, keys, sums, ref next, pieces, fetch);
                    break;
                case 2:
                    ValueTiles.Compute<T2, T>(weights, of, keys, sums, ref next, pieces, fetch);
                    break;
                case 3:
                    ValueTiles.Compute<T3, T>(weights, of, keys, sums, ref next, pieces, fetch);
                    break;
                default:
                    ValueTiles.Compute<T4, T>(weights, of, keys, sums, ref next, pieces, fetch);
                    break;
            }
        }
    }

    /// <summary>Row by row, without the keys that the row may not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumSeen(
        float* values, KeyRange keys, MaskWords mask, RowBlock block, int group, ColumnStrip strip, float* scores, float* sums)
    {
        for (int row = 0; row < block.RowsOf(group); row++)
        {
            ReadOnlySpan<ulong> seen = mask.Row(block.First + group * Group + row);
            float* weights = scores + (nint)(group * Group + row) * Blocking.ScoreStride;
            for (int column = 0; column < strip.Width; column += 16)
                ValueTiles.ComputeSeen<T>(weights, values + column, strip.Width, keys, seen, sums + row * strip.Width + column);
        }
    }
}
