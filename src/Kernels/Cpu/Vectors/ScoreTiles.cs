using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Scores s = q · k of the query rows of a group against a strip of keys, the sums in registers.</summary>
internal static unsafe class ScoreTiles
{
    /// <summary>
    /// Computes one register tile. A key sits in a lane from beginning to end, so that a score is the same chain of
    /// multiply-adds over d at every width.
    /// </summary>
    /// <typeparam name="T">A strip of keys.</typeparam>
    /// <typeparam name="TRows">Rows computed, the first ones of the group.</typeparam>
    /// <param name="queries"><c>[6, dim]</c></param>
    /// <param name="keys"><c>[dim, width]</c></param>
    /// <param name="dim">Elements of a query; even (a last zero is added to odd ones).</param>
    /// <param name="scores">Where to write; rows are <see cref="Blocking.ScoreStride"/> numbers apart.</param>
    /// <param name="maxima"><c>[6, 16]</c> running maxima to raise; null = leave them.</param>
    /// <param name="ahead">Memory to fetch for later, a line for every two elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Compute<T, TRows>(float* queries, float* keys, int dim, float* scores, float* maxima, byte* ahead)
        where T : struct, IStrip<T>
        where TRows : struct, IRowCount
    {
        NoWork none = default;
        Compute<T, TRows, NoWork>(queries, keys, dim, scores, maxima, ahead, ref none);
    }

    /// <summary>The same, and work that is done on the way as far as there are steps for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<T, TRows, TWork>(
        float* queries, float* keys, int dim, float* scores, float* maxima, byte* ahead, ref TWork work)
        where T : struct, IStrip<T>
        where TRows : struct, IRowCount
        where TWork : struct, ITileWork
    {
        const int stride = Blocking.ScoreStride;
        // Two pointers and two distances reach six rows: a register may be added once, twice or four times to an address.
        nint apart = dim, two = 2 * apart;
        float* later = queries + 3 * apart;
        int steps = TWork.Any && work.Pieces > 0 ? Math.Max(1, (dim >> 1) / work.Pieces) : int.MaxValue, untilWork = steps;
        T s0, s1, s2, s3, s4, s5;
        for (int left = dim; ;)
        {
            s0 = s1 = s2 = s3 = s4 = s5 = T.Zero;
            for (int pairs = Math.Min(left, Arithmetic.ChunkElements) >> 1; pairs > 0; pairs--)
            {
                Ahead.Fetch(ahead);
                ahead += Ahead.LineBytes;
                T key = T.Load(keys);
                s0 = T.MultiplyAdd(queries[0], key, s0);
                s1 = T.MultiplyAdd(queries[apart], key, s1);
                s2 = T.MultiplyAdd(queries[two], key, s2);
                s3 = T.MultiplyAdd(later[0], key, s3);
                if (TRows.Count > 4)
                {
                    s4 = T.MultiplyAdd(later[apart], key, s4);
                    s5 = T.MultiplyAdd(later[two], key, s5);
                }
                key = T.Load(keys + T.Width);
                s0 = T.MultiplyAdd(queries[1], key, s0);
                s1 = T.MultiplyAdd((queries + apart)[1], key, s1);
                s2 = T.MultiplyAdd((queries + two)[1], key, s2);
                s3 = T.MultiplyAdd(later[1], key, s3);
                if (TRows.Count > 4)
                {
                    s4 = T.MultiplyAdd((later + apart)[1], key, s4);
                    s5 = T.MultiplyAdd((later + two)[1], key, s5);
                }
                queries += 2;
                later += 2;
                keys += 2 * T.Width;
                if (TWork.Any && --untilWork == 0)
                {
                    work.Next();
                    untilWork = work.Pieces == 0 ? int.MaxValue : steps;
                }
            }
            if (left < dim)
            {
                s0 = T.Add(T.Load(scores), s0);
                s1 = T.Add(T.Load(scores + stride), s1);
                s2 = T.Add(T.Load(scores + 2 * stride), s2);
                s3 = T.Add(T.Load(scores + 3 * stride), s3);
                if (TRows.Count > 4)
                {
                    s4 = T.Add(T.Load(scores + 4 * stride), s4);
                    s5 = T.Add(T.Load(scores + 5 * stride), s5);
                }
            }
            T.Store(s0, scores);
            T.Store(s1, scores + stride);
            T.Store(s2, scores + 2 * stride);
            T.Store(s3, scores + 3 * stride);
            if (TRows.Count > 4)
            {
                T.Store(s4, scores + 4 * stride);
                T.Store(s5, scores + 5 * stride);
            }
            left -= Arithmetic.ChunkElements;
            if (left <= 0)
                break;
        }
        if (maxima is null)
            return;
        T.RaiseMaxima(s0, maxima);
        T.RaiseMaxima(s1, maxima + 16);
        T.RaiseMaxima(s2, maxima + 32);
        T.RaiseMaxima(s3, maxima + 48);
        if (TRows.Count > 4)
        {
            T.RaiseMaxima(s4, maxima + 64);
            T.RaiseMaxima(s5, maxima + 80);
        }
    }

    /// <summary>The same for one row of a group: a sixth of the work where there are but one or two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ComputeRow<T>(float* query, float* keys, int dim, float* scores)
        where T : struct, IStrip<T>
    {
        // Two chunks at a time where there are two: one alone is a chain that waits for each multiply-add.
        const int chunk = Arithmetic.ChunkElements;
        T total = T.Zero;
        for (int left = dim; left > 0;)
        {
            if (left >= 2 * chunk)
            {
                T a = T.Zero, b = T.Zero;
                for (int d = 0; d < chunk; d++)
                {
                    a = T.MultiplyAdd(query[d], T.Load(keys + d * T.Width), a);
                    b = T.MultiplyAdd(query[d + chunk], T.Load(keys + (d + chunk) * T.Width), b);
                }
                total = left == dim ? a : T.Add(total, a);
                total = T.Add(total, b);
                left -= 2 * chunk;
                query += 2 * chunk;
                keys += 2 * chunk * T.Width;
                continue;
            }
            int count = Math.Min(left, chunk);
            T sum = T.Zero;
            for (int d = 0; d < count; d++)
                sum = T.MultiplyAdd(query[d], T.Load(keys + d * T.Width), sum);
            total = left == dim ? sum : T.Add(total, sum);
            left -= count;
            query += count;
            keys += count * T.Width;
        }
        T.Store(total, scores);
    }
}
