using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

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

    /// <summary>Fills <see cref="Workspace.WeightSums"/> and <see cref="Workspace.Sums"/>.</summary>
    /// <param name="values">Packed values.</param>
    /// <param name="strips">Their strips.</param>
    /// <param name="mask">The mask, where keys that a row may not see must be left out of its sum; null otherwise.</param>
    /// <param name="block">The rows.</param>
    /// <param name="work">The workspace.</param>
    /// <param name="ahead">What is read after the values, to be fetched during the last tile.</param>
    /// <remarks>
    /// A tile's keys of a strip (256 × 64 numbers, 64 KB) is passed over by all groups before the next one, and comes from the
    /// second-level cache each time: one line in 3 cycles, which costs nothing measurable.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in PackedValues values, ColumnStrips strips, MaskWords? mask, RowBlock block, Workspace work, byte* ahead)
    {
        new Span<float>(work.WeightSums, block.Groups * Group * Arithmetic.Lanes).Clear();
        new Span<float>(work.Sums, block.Groups * Group * strips.Columns).Clear();
        int count = strips.Count;
        ColumnStrip* table = stackalloc ColumnStrip[count];
        for (int index = 0; index < count; index++)
            table[index] = strips[index];
        var walk = new TileWalk(block, values.Count);
        if (!walk.MoveNext())
            return;
        var next = new WeightRows(work, walk.Group, walk.Keys);
        WeightRows.Finish<T>(ref next);
        for (bool more = true; more;)
        {
            (int group, KeyRange keys) = (walk.Group, walk.Keys);
            more = walk.MoveNext();
            if (more)
                next = new WeightRows(work, walk.Group, walk.Keys);
            int pieces = (next.Pieces + count - 1) / count;
            for (int index = 0; index < count; index++)
            {
                ColumnStrip strip = table[index];
                float* of = (float*)values.Data + (nint)strip.First * values.Count + (nint)keys.First * strip.Width;
                float* sums = work.SumsOf(group, strip);
                if (mask is { } words)
                {
                    SumSeen(of, keys, words, block, group, strip, work.Scores, sums);
                    continue;
                }
                float* weights = work.Scores + (nint)group * Group * Blocking.ScoreStride + keys.First;
                byte* fetch = keys.First + Blocking.TileKeys < values.Count
                    ? (byte*)(of + Blocking.TileKeys * strip.Width) + (nint)(group % (2 * strip.Vectors)) * (Blocking.TileKeys / 2) * Ahead.LineBytes
                    : ahead + ((nint)group * Group * strips.ValueDim + strip.First) * sizeof(float);
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
            if (next.Pieces > 0)
                WeightRows.Finish<T>(ref next);
        }
    }

    /// <summary>Row by row, without the keys that the row may not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumSeen(
        float* values, KeyRange keys, MaskWords mask, RowBlock block, int group, ColumnStrip strip, float* scores, float* sums)
    {
        for (int row = 0; row < Math.Min(Group, block.Rows - group * Group); row++)
        {
            ReadOnlySpan<ulong> seen = mask.Row(block.First + group * Group + row);
            float* weights = scores + (nint)(group * Group + row) * Blocking.ScoreStride;
            for (int column = 0; column < strip.Width; column += 16)
                ValueTiles.ComputeSeen<T>(weights, values + column, strip.Width, keys, seen, sums + row * strip.Width + column);
        }
    }
}
