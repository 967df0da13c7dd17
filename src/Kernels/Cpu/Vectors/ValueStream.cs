using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Weighted values of few rows, the values read once, as they lie: a piece of a few keys at a time, all its columns. A
/// chunk's sums are kept in memory from one piece to the next.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">A strip of two vectors.</typeparam>
/// <typeparam name="T3">A strip of three vectors.</typeparam>
/// <typeparam name="T4">A strip of four vectors.</typeparam>
internal static unsafe class ValueStream<T, T2, T3, T4>
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
    where T3 : struct, IStrip<T3>
    where T4 : struct, IStrip<T4>
{
    private const int Group = Blocking.GroupRows;

    /// <summary>Adds to <see cref="Workspace.Sums"/>; the weights are made.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in TensorRows values, ColumnStrips strips, RowBlock block, Workspace work)
    {
        int numbers = block.Groups * Group * strips.Columns;
        bool inPlace = Packing.InPlace(values);
        float* chunk = work.TileValues, rows = chunk + numbers;
        bool oneStream = inPlace && (strips.Count == 1 || (block.Rows <= Blocking.SingleRows && SideBySide(strips, 0) == strips.Count));
        int step = oneStream ? Arithmetic.ChunkKeys : Blocking.PieceKeys;
        for (int first = 0; first < values.Count; first += Arithmetic.ChunkKeys)
        {
            new Span<float>(chunk, numbers).Clear();
            int end = Math.Min(values.Count, first + Arithmetic.ChunkKeys);
            for (int key = first; key < end; key += step)
            {
                int keys = Math.Min(step, end - key);
                if (inPlace)
                {
                    nint apart = values.StrideInBytes / sizeof(float);
                    nint ahead = Ahead.Rows(values.Dim * sizeof(float)) * values.StrideInBytes;
                    Add((float*)values.Row(key), apart, ahead, key, keys, strips, block, work, chunk);
                    continue;
                }
                Packing.ReadRows(values, key, keys, rows, strips.Columns);
                Add(rows, strips.Columns, 0, key, keys, strips, block, work, chunk);
            }
            for (int i = 0; i < numbers; i += Arithmetic.Lanes)
                T.Store(T.Add(T.Load(work.Sums + i), T.Load(chunk + i)), work.Sums + i);
        }
    }

    // Strips from this one on that one row takes together.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SideBySide(ColumnStrips strips, int index) =>
        index + 1 < strips.Count && strips[index + 1].Vectors == strips[index].Vectors ? 2 : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        float* values, nint apart, nint ahead, int key, int keys, ColumnStrips strips, RowBlock block, Workspace work,
        float* chunk)
    {
        for (int index = 0; index < strips.Count;)
        {
            ColumnStrip strip = strips[index];
            int side = SideBySide(strips, index);
            float* of = values + strip.First, weights = work.Scores + key, sums = chunk + (nint)strip.First * Group;
            for (int group = 0; group < block.Groups; group++)
            {
                int rows = block.RowsOf(group);
                nint fetch = group == 0 ? ahead : 0;
                switch (strip.Vectors)
                {
                    case 1:
                        AddStrips<T>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                    case 2:
                        AddStrips<T2>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                    case 3:
                        AddStrips<T3>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                    default:
                        AddStrips<T4>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                }
                weights += Group * Blocking.ScoreStride;
                sums += Group * strips.Columns;
            }
            index += side;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddStrips<TStrip>(
        float* weights, float* values, nint apart, nint ahead, int keys, int rows, int side, float* sums)
        where TStrip : struct, IStrip<TStrip>
    {
        if (rows > Blocking.SingleRows)
        {
            for (int strip = 0; strip < side; strip++)
            {
                ValueTiles.ComputePiece<TStrip>(
                    weights, values + strip * TStrip.Width, apart, keys, sums + strip * Group * TStrip.Width, ahead);
            }
            return;
        }
        for (int row = 0; row < rows; row++, weights += Blocking.ScoreStride, sums += TStrip.Width)
        {
            if (side == 2)
                ValueTiles.ComputeRowTwo<TStrip>(weights, values, apart, keys, sums, ahead);
            else
                ValueTiles.ComputeRow<TStrip>(weights, values, apart, keys, sums, ahead);
        }
    }
}
