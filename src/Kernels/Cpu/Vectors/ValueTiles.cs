using System.Runtime.CompilerServices;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Weighted values of six query rows on a strip of columns, the sums in registers.</summary>
internal static unsafe class ValueTiles
{
    /// <summary>
    /// Adds Σ p · v over some keys to the span's sums: chunk by chunk, each summed from 0 over ascending keys.
    /// </summary>
    /// <param name="weights">First weight of the first row; rows are <see cref="Blocking.ScoreStride"/> numbers apart.</param>
    /// <param name="values"><c>[keys, width]</c></param>
    /// <param name="range">The keys; their number is even unless they end with the span.</param>
    /// <param name="sums"><c>[6, width]</c>, added to.</param>
    /// <param name="next">Scores of another tile that become weights on the way.</param>
    /// <param name="nextPieces">How many of its pieces, at most.</param>
    /// <param name="ahead">Memory to fetch for later, a line for every two keys.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<T, TLanes>(
        float* weights, float* values, KeyRange range, float* sums, ref WeightRows next, int nextPieces, byte* ahead)
        where T : struct, IStrip<T>
        where TLanes : struct, ILanes<TLanes>
    {
        const int stride = Blocking.ScoreStride;
        WeightRows rows = next;
        int bursts = Registers.HaveRoom ? Math.Min(nextPieces, rows.Pieces) : 0;
        int left = range.End - range.First;
        int apart = bursts == 0 ? int.MaxValue : Math.Max(1, (left >> 1) / bursts);
        int untilBurst = apart;
        int chunk = Arithmetic.ChunkKeys - range.First % Arithmetic.ChunkKeys;
        for (; left > 0; left -= chunk, chunk = Arithmetic.ChunkKeys)
        {
            chunk = Math.Min(chunk, left);
            T o0 = T.Zero, o1 = T.Zero, o2 = T.Zero, o3 = T.Zero, o4 = T.Zero, o5 = T.Zero;
            for (int pairs = chunk >> 1; pairs > 0; pairs--)
            {
                Ahead.Fetch(ahead);
                ahead += Ahead.LineBytes;
                T value = T.Load(values);
                o0 = T.MultiplyAdd(weights[0], value, o0);
                o1 = T.MultiplyAdd(weights[stride], value, o1);
                o2 = T.MultiplyAdd(weights[2 * stride], value, o2);
                o3 = T.MultiplyAdd(weights[3 * stride], value, o3);
                o4 = T.MultiplyAdd(weights[4 * stride], value, o4);
                o5 = T.MultiplyAdd(weights[5 * stride], value, o5);
                value = T.Load(values + T.Width);
                o0 = T.MultiplyAdd(weights[1], value, o0);
                o1 = T.MultiplyAdd(weights[stride + 1], value, o1);
                o2 = T.MultiplyAdd(weights[2 * stride + 1], value, o2);
                o3 = T.MultiplyAdd(weights[3 * stride + 1], value, o3);
                o4 = T.MultiplyAdd(weights[4 * stride + 1], value, o4);
                o5 = T.MultiplyAdd(weights[5 * stride + 1], value, o5);
                weights += 2;
                values += 2 * T.Width;
                if (Registers.HaveRoom && --untilBurst == 0)
                {
                    rows.Next<TLanes>();
                    untilBurst = --bursts == 0 ? int.MaxValue : apart;
                }
            }
            if ((chunk & 1) != 0)
            {
                T value = T.Load(values);
                o0 = T.MultiplyAdd(weights[0], value, o0);
                o1 = T.MultiplyAdd(weights[stride], value, o1);
                o2 = T.MultiplyAdd(weights[2 * stride], value, o2);
                o3 = T.MultiplyAdd(weights[3 * stride], value, o3);
                o4 = T.MultiplyAdd(weights[4 * stride], value, o4);
                o5 = T.MultiplyAdd(weights[5 * stride], value, o5);
            }
            T.Store(T.Add(T.Load(sums), o0), sums);
            T.Store(T.Add(T.Load(sums + T.Width), o1), sums + T.Width);
            T.Store(T.Add(T.Load(sums + 2 * T.Width), o2), sums + 2 * T.Width);
            T.Store(T.Add(T.Load(sums + 3 * T.Width), o3), sums + 3 * T.Width);
            T.Store(T.Add(T.Load(sums + 4 * T.Width), o4), sums + 4 * T.Width);
            T.Store(T.Add(T.Load(sums + 5 * T.Width), o5), sums + 5 * T.Width);
        }
        next = rows;
    }

    /// <summary>
    /// The same for one row and only the keys whose bit is set in <paramref name="seen"/>: a key that a row may not see is
    /// left out of the sum altogether, as its value may be NaN or infinite.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ComputeSeen<T>(
        float* weights, float* values, nint width, KeyRange range, ReadOnlySpan<ulong> seen, float* sums)
        where T : struct, IStrip<T>
    {
        T sum = T.Zero;
        for (int key = range.First; key < range.End; key++, values += width)
        {
            if ((seen[key / 64] >> (key % 64) & 1) != 0)
                sum = T.MultiplyAdd(weights[key], T.Load(values), sum);
            if ((key + 1) % Arithmetic.ChunkKeys == 0 || key + 1 == range.End)
            {
                T.Store(T.Add(T.Load(sums), sum), sums);
                sum = T.Zero;
            }
        }
    }

    /// <summary>Adds Σ p · v over the keys of one piece to a chunk's sums, the values where they lie.</summary>
    /// <typeparam name="T">A strip of columns.</typeparam>
    /// <typeparam name="TRows">Rows computed, the first ones of the group.</typeparam>
    /// <typeparam name="TElements">Type of the values.</typeparam>
    /// <param name="weights">First weight of the first row; rows are <see cref="Blocking.ScoreStride"/> numbers apart.</param>
    /// <param name="values">The strip's columns of the first key.</param>
    /// <param name="apart">Bytes from one key's values to the next key's.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="sums"><c>[6, width]</c>, added to.</param>
    /// <param name="ahead">Bytes from a key's values to those to be fetched.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ComputePiece<T, TRows, TElements>(float* weights, byte* values, nint apart, int keys, float* sums, nint ahead)
        where T : struct, IStrip<T>
        where TRows : struct, IRowCount
        where TElements : struct, IElements
    {
        const int stride = Blocking.ScoreStride;
        T o0 = T.Load(sums), o1 = T.Load(sums + T.Width), o2 = T.Load(sums + 2 * T.Width), o3 = T.Load(sums + 3 * T.Width),
            o4 = T.Load(sums + 4 * T.Width), o5 = T.Load(sums + 5 * T.Width);
        for (; keys > 0; keys--, weights++, values += apart)
        {
            Ahead.FetchRow(values + ahead, T.Width * TElements.Size);
            T value = Read<T, TElements>(values);
            o0 = T.MultiplyAdd(weights[0], value, o0);
            o1 = T.MultiplyAdd(weights[stride], value, o1);
            o2 = T.MultiplyAdd(weights[2 * stride], value, o2);
            o3 = T.MultiplyAdd(weights[3 * stride], value, o3);
            if (TRows.Count > 4)
            {
                o4 = T.MultiplyAdd(weights[4 * stride], value, o4);
                o5 = T.MultiplyAdd(weights[5 * stride], value, o5);
            }
        }
        T.Store(o0, sums);
        T.Store(o1, sums + T.Width);
        T.Store(o2, sums + 2 * T.Width);
        T.Store(o3, sums + 3 * T.Width);
        if (TRows.Count > 4)
        {
            T.Store(o4, sums + 4 * T.Width);
            T.Store(o5, sums + 5 * T.Width);
        }
    }

    /// <summary>The same for one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ComputeRow<T, TElements>(float* weights, byte* values, nint apart, int keys, float* sums, nint ahead)
        where T : struct, IStrip<T>
        where TElements : struct, IElements
    {
        T sum = T.Load(sums);
        for (; keys > 0; keys--, weights++, values += apart)
        {
            Ahead.FetchRow(values + ahead, T.Width * TElements.Size);
            sum = T.MultiplyAdd(*weights, Read<T, TElements>(values), sum);
        }
        T.Store(sum, sums);
    }

    /// <summary>The same for one row and two strips side by side: values are read as they lie, all columns of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ComputeRowTwo<T, TElements>(float* weights, byte* values, nint apart, int keys, float* sums, nint ahead)
        where T : struct, IStrip<T>
        where TElements : struct, IElements
    {
        float* other = sums + Blocking.GroupRows * T.Width;
        T left = T.Load(sums), right = T.Load(other);
        for (; keys > 0; keys--, weights++, values += apart)
        {
            Ahead.FetchRow(values + ahead, 2 * T.Width * TElements.Size);
            left = T.MultiplyAdd(*weights, Read<T, TElements>(values), left);
            right = T.MultiplyAdd(*weights, Read<T, TElements>(values + T.Width * TElements.Size), right);
        }
        T.Store(left, sums);
        T.Store(right, other);
    }

    // F32 in the registers of the kernel, whatever their width; other types sixteen at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Read<T, TElements>(byte* values)
        where T : struct, IStrip<T>
        where TElements : struct, IElements =>
        typeof(TElements) == typeof(F32Elements) ? T.Load((float*)values) : T.LoadElements<TElements>(values);
}
