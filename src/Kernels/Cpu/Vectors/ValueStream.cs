using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;

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
    public static void Run(in RowStream stream, ColumnStrips strips, RowBlock block, Workspace work)
    {
        TensorRows values = stream.Rows;
        if (!Packing.WholeVectors(values))
            Run<F32Elements>(stream, copied: true, strips, block, work);
        else if (values.Type == ElementType.F32)
            Run<F32Elements>(stream, copied: false, strips, block, work);
        else if (values.Type == ElementType.F16)
            Run<F16Elements>(stream, copied: false, strips, block, work);
        else
            Run<BF16Elements>(stream, copied: false, strips, block, work);
    }

    /// <summary>The same on values of one type.</summary>
    /// <param name="stream">The values.</param>
    /// <param name="copied">Whether they are first copied, as F32 in whole vectors.</param>
    /// <param name="strips">Their strips.</param>
    /// <param name="block">The rows.</param>
    /// <param name="work">The workspace.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run<TElements>(in RowStream stream, bool copied, ColumnStrips strips, RowBlock block, Workspace work)
        where TElements : struct, IElements
    {
        TensorRows values = stream.Rows;
        int numbers = block.Groups * Group * strips.Columns;
        float* chunk = work.TileValues, rows = chunk + numbers;
        bool oneStream = !copied && (strips.Count == 1 || (block.Rows <= Blocking.SingleRows && SideBySide(strips, 0) == strips.Count));
        int step = oneStream ? Arithmetic.ChunkKeys : Blocking.PieceKeys;
        int last = Math.Max(0, values.Count - stream.Apart);
        for (int first = 0; first < values.Count; first += Arithmetic.ChunkKeys)
        {
            new Span<float>(chunk, numbers).Clear();
            int end = Math.Min(values.Count, first + Arithmetic.ChunkKeys);
            for (int key = first, keys; key < end; key += keys)
            {
                keys = Math.Min(step, end - key);
                if (!copied)
                {
                    // What is asked for lies equally far ahead of all keys of a piece.
                    if (key < last)
                        keys = Math.Min(keys, last - key);
                    var ahead = (nint)(stream.AheadOf(key) - (byte*)values.Row(key));
                    Add<TElements>((byte*)values.Row(key), values.StrideInBytes, ahead, key, keys, strips, block, work, chunk);
                    continue;
                }
                Packing.ReadRows(values, key, keys, rows, strips.Columns);
                Add<TElements>((byte*)rows, strips.Columns * TElements.Size, 0, key, keys, strips, block, work, chunk);
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
    private static void Add<TElements>(
        byte* values, nint apart, nint ahead, int key, int keys, ColumnStrips strips, RowBlock block, Workspace work,
        float* chunk)
        where TElements : struct, IElements
    {
        for (int index = 0; index < strips.Count;)
        {
            ColumnStrip strip = strips[index];
            int side = SideBySide(strips, index);
            byte* of = values + strip.First * TElements.Size;
            float* weights = work.Scores + key, sums = chunk + (nint)strip.First * Group;
            for (int group = 0; group < block.Groups; group++)
            {
                int rows = block.RowsOf(group);
                nint fetch = group == 0 ? ahead : 0;
                switch (strip.Vectors)
                {
                    case 1:
                        AddStrips<T, TElements>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                    case 2:
                        AddStrips<T2, TElements>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                    case 3:
                        AddStrips<T3, TElements>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                    default:
                        AddStrips<T4, TElements>(weights, of, apart, fetch, keys, rows, side, sums);
                        break;
                }
                weights += Group * Blocking.ScoreStride;
                sums += Group * strips.Columns;
            }
            index += side;
        }
    }

    // A method of its own: with all its kinds inlined, the caller has none of the compiler's allowance left for what it adds up.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddStrips<TStrip, TElements>(
        float* weights, byte* values, nint apart, nint ahead, int keys, int rows, int side, float* sums)
        where TStrip : struct, IStrip<TStrip>
        where TElements : struct, IElements
    {
        if (rows > Blocking.SingleRows)
        {
            for (int strip = 0; strip < side; strip++, values += TStrip.Width * TElements.Size, sums += Group * TStrip.Width)
            {
                if (rows > FourRows.Count)
                    ValueTiles.ComputePiece<TStrip, SixRows, TElements>(weights, values, apart, keys, sums, ahead);
                else
                    ValueTiles.ComputePiece<TStrip, FourRows, TElements>(weights, values, apart, keys, sums, ahead);
            }
            return;
        }
        for (int row = 0; row < rows; row++, weights += Blocking.ScoreStride, sums += TStrip.Width)
        {
            if (side == 2)
                ValueTiles.ComputeRowTwo<TStrip, TElements>(weights, values, apart, keys, sums, ahead);
            else
                ValueTiles.ComputeRow<TStrip, TElements>(weights, values, apart, keys, sums, ahead);
        }
    }
}
