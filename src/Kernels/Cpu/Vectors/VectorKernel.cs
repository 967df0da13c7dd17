using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// The kernel on vector registers. Rows are taken <see cref="Blocking.BlockRows"/> at a time: all their scores on the
/// span, their maxima, the weights, then the weighted values, each in register tiles of six rows.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">The strip of two vectors, or T where registers do not allow more.</typeparam>
/// <typeparam name="T3">The strip of three vectors, or T.</typeparam>
/// <typeparam name="T4">The strip of four vectors, or T. Keys are packed in panels of its width.</typeparam>
/// <param name="name">Name for people.</param>
/// <param name="maxVectors">Vectors in the widest strip.</param>
internal sealed unsafe class VectorKernel<T, T2, T3, T4>(string name, int maxVectors) : CpuKernel
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
    where T3 : struct, IStrip<T3>
    where T4 : struct, IStrip<T4>
{
    private const int Group = Blocking.GroupRows;
    private const int Stride = Blocking.ScoreStride;

    // A tile of scores fetches dim / 2 lines, so that this many groups fetch the next panel of width · dim numbers.
    private static int FetchingGroups => T4.Width / 8;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override nuint QueryBytes(int rows, int keyDim) =>
        (nuint)Packing<T>.PaddedRows(rows) * (nuint)Packing<T>.PaddedDim(keyDim) * sizeof(float);

    /// <inheritdoc/>
    public override nuint KeyBytes(int keys, int keyDim) =>
        (nuint)((keys + T4.Width - 1) / T4.Width * T4.Width) * (nuint)Packing<T>.PaddedDim(keyDim) * sizeof(float);

    /// <inheritdoc/>
    public override nuint ValueBytes(int keys, int valueDim) =>
        (nuint)keys * (nuint)new ColumnStrips(valueDim, maxVectors).Columns * sizeof(float);

    /// <inheritdoc/>
    public override nuint WorkspaceBytes(int keyDim, int valueDim) =>
        Workspace.Bytes(new ColumnStrips(valueDim, maxVectors).Columns);

    /// <inheritdoc/>
    public override PackedQueries PackQueries(TensorRows queries, double scale, byte* destination)
    {
        Packing<T>.Queries(queries, scale * Arithmetic.Log2E, (float*)destination);
        return new PackedQueries(destination, queries.Count, queries.Dim);
    }

    /// <inheritdoc/>
    public override PackedKeys PackKeys(TensorRows keys, byte* destination)
    {
        Packing<T>.Keys(keys, T4.Width, (float*)destination);
        return new PackedKeys(destination, keys.Count, keys.Dim);
    }

    /// <inheritdoc/>
    public override PackedValues PackValues(TensorRows values, byte* destination)
    {
        bool finite = Packing<T>.Values(values, new ColumnStrips(values.Dim, maxVectors), (float*)destination);
        return new PackedValues(destination, values.Count, values.Dim, finite);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Fold(
        in PackedQueries queries, in PackedKeys keys, in PackedValues values, MaskWords? mask, in AttentionState state,
        byte* workspace)
    {
        var strips = new ColumnStrips(values.Dim, maxVectors);
        var work = new Workspace(workspace, strips.Columns);
        KeyRange* ranges = stackalloc KeyRange[Blocking.BlockRows / Group];
        for (int first = 0; first < queries.Rows; first += Blocking.BlockRows)
        {
            int rows = Math.Min(Blocking.BlockRows, queries.Rows - first);
            Scores(queries, keys, mask, first, rows, work, ranges);
            for (int row = 0; row < rows; row++)
                RaiseMaximum(work, row, state, first + row);
            new Span<float>(work.WeightSums, Packing<T>.PaddedRows(rows) * Arithmetic.Lanes).Clear();
            new Span<float>(work.Sums, Packing<T>.PaddedRows(rows) * strips.Columns).Clear();
            int groups = (rows + Group - 1) / Group;
            var at = new ChunkWalk(ranges, groups, keys.Count);
            if (at.MoveNext())
            {
                var pending = new WeightRows(work, at.Group, at.Keys);
                WeightRows.Finish<T>(ref pending);
                for (bool more = true; more;)
                {
                    (int group, KeyRange part) = (at.Group, at.Keys);
                    more = at.MoveNext();
                    if (more)
                        pending = new WeightRows(work, at.Group, at.Keys);
                    if (mask is null || values.AllFinite)
                        Accumulate(values, strips, work, group, part, ref pending);
                    else
                        AccumulateSeen(values, strips, work, group, part, mask.Value, first, rows);
                    WeightRows.Finish<T>(ref pending);
                }
            }
            for (int row = 0; row < rows; row++)
                AddToOutput(strips, work, row, state, first + row);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Weights(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* logSumExp, float* weights, nint rowStride,
        byte* workspace)
    {
        var work = new Workspace(workspace, 0);
        KeyRange* ranges = stackalloc KeyRange[Blocking.BlockRows / Group];
        for (int first = 0; first < queries.Rows; first += Blocking.BlockRows)
        {
            int rows = Math.Min(Blocking.BlockRows, queries.Rows - first);
            Scores(queries, keys, mask, first, rows, work, ranges);
            for (int row = 0; row < rows; row++)
            {
                var of = new Span<float>(weights + (first + row) * rowStride, keys.Count);
                KeyRange range = ranges[row / Group];
                of.Clear();
                if (range.IsEmpty)
                    continue;
                float* scores = work.Scores + row * Stride;
                T shift = T.Create(Arithmetic.Shift(logSumExp[first + row]));
                for (int key = range.First & ~15; key < range.End; key += 16)
                {
                    T weight = Exp2.Of(T.Subtract(T.Load(scores + key), shift));
                    if (mask is not null)
                        weight = T.Select((uint)(mask.Value.Row(first + row)[key / 64] >> (key % 64)), weight, T.Zero);
                    T.Store(weight, scores + key);
                }
                new ReadOnlySpan<float>(scores + range.First, range.End - range.First).CopyTo(of[range.First..]);
            }
        }
    }

    /// <summary>Scores of a block of rows on the whole span, hidden ones −∞, and the 16 maxima of every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, int firstRow, int rows, Workspace work,
        KeyRange* ranges)
    {
        int dim = Packing<T>.PaddedDim(queries.Dim);
        int groups = (rows + Group - 1) / Group;
        for (int group = 0; group < groups; group++)
        {
            int groupRow = firstRow + group * Group;
            ranges[group] = mask is null
                ? new KeyRange(0, keys.Count)
                : KeyRange.Of(mask.Value, groupRow, Math.Min(groupRow + Group, firstRow + rows));
        }
        new Span<float>(work.Maxima, groups * Group * Arithmetic.Lanes).Fill(float.NegativeInfinity);
        var query = (float*)queries.Data + (nint)firstRow * dim;
        for (int key = 0; key < keys.Count; key += T4.Width)
        {
            float* panel = (float*)keys.Data + (nint)key * dim;
            bool whole = key + T4.Width <= keys.Count;
            for (int group = 0; group < groups; group++)
            {
                if (key + T4.Width <= ranges[group].First || key >= ranges[group].End)
                    continue;
                float* scores = work.Scores + (nint)group * Group * Stride + key;
                float* maxima = work.Maxima + group * Group * Arithmetic.Lanes;
                byte* ahead = (byte*)(panel + (nint)T4.Width * dim) + (nint)(group % FetchingGroups) * (dim / 2) * Ahead.LineBytes;
                if (mask is null && whole)
                {
                    ScoreTiles.Compute<T4>(query + (nint)group * Group * dim, panel, dim, scores, maxima, ahead);
                    continue;
                }
                ScoreTiles.Compute<T4>(query + (nint)group * Group * dim, panel, dim, scores, null, ahead);
                for (int row = 0; row < Math.Min(Group, rows - group * Group); row++)
                {
                    ulong seen = mask is null
                        ? ulong.MaxValue >> (64 - (keys.Count - key))
                        : mask.Value.Row(firstRow + group * Group + row)[key / 64] >> (key % 64);
                    for (int lane = 0; lane < T4.Width; lane += 16)
                    {
                        float* at = scores + (nint)row * Stride + lane;
                        T score = T.Select((uint)(seen >> lane), T.Load(at), T.Create(float.NegativeInfinity));
                        T.Store(score, at);
                        T.RaiseMaxima(score, maxima + row * Arithmetic.Lanes);
                    }
                }
            }
        }
    }

    /// <summary>One row: the new maximum, and what follows from it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RaiseMaximum(Workspace work, int row, in AttentionState state, int stateRow)
    {
        float old = state.Max[stateRow];
        float max = T.Max(T.Load(work.Maxima + row * Arithmetic.Lanes));
        max = (max > old ? max : old) + 0f;
        float shift = Arithmetic.Shift(max);
        work.Shifts[row] = shift;
        work.Keep[row] = Exp2.Scalar(old - shift);
        state.Max[stateRow] = max;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(
        in PackedValues values, ColumnStrips strips, Workspace work, int group, KeyRange keys, ref WeightRows pending)
    {
        float* weights = work.Scores + (nint)group * Group * Stride + keys.First;
        int count = keys.End - keys.First;
        int rowsPerStrip = (Group + strips.Count - 1) / strips.Count;
        for (int s = 0; s < strips.Count; s++)
        {
            int vectors = strips.VectorsOf(s);
            float* strip = StripOf(values, strips, s) + (nint)keys.First * vectors * 16;
            float* sums = work.SumsOf(group, strips.FirstColumnOf(s));
            byte* ahead = (byte*)(strip + (nint)Arithmetic.ChunkKeys * vectors * 16) + (nint)(group % (2 * vectors)) * (count / 2) * Ahead.LineBytes;
            switch (vectors)
            {
                case 1:
                    ValueTiles.Compute<T, T>(weights, strip, count, sums, ref pending, rowsPerStrip, ahead);
                    break;
                case 2:
                    ValueTiles.Compute<T2, T>(weights, strip, count, sums, ref pending, rowsPerStrip, ahead);
                    break;
                case 3:
                    ValueTiles.Compute<T3, T>(weights, strip, count, sums, ref pending, rowsPerStrip, ahead);
                    break;
                default:
                    ValueTiles.Compute<T4, T>(weights, strip, count, sums, ref pending, rowsPerStrip, ahead);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulateSeen(
        in PackedValues values, ColumnStrips strips, Workspace work, int group, KeyRange keys, MaskWords mask, int firstRow,
        int rows)
    {
        for (int row = group * Group; row < Math.Min(rows, (group + 1) * Group); row++)
        {
            ReadOnlySpan<ulong> seen = mask.Row(firstRow + row);
            for (int s = 0; s < strips.Count; s++)
            {
                int width = strips.VectorsOf(s) * 16;
                float* sums = work.SumsOf(group, strips.FirstColumnOf(s)) + (row - group * Group) * width;
                for (int column = 0; column < width; column += 16)
                {
                    ValueTiles.ComputeSeen<T>(
                        work.Scores + (nint)row * Stride, StripOf(values, strips, s) + column, width, keys, seen, sums + column);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddToOutput(ColumnStrips strips, Workspace work, int row, in AttentionState state, int stateRow)
    {
        Span<float> output = state.OutputRow(stateRow);
        float keep = work.Keep[row];
        state.Sum[stateRow] = MathF.FusedMultiplyAdd(
            state.Sum[stateRow], keep, T.Sum(T.Load(work.WeightSums + row * Arithmetic.Lanes)));
        fixed (float* to = output)
        {
            for (int s = 0; s < strips.Count; s++)
            {
                int width = strips.VectorsOf(s) * 16;
                int first = strips.FirstColumnOf(s);
                float* sums = work.SumsOf(row / Group, first) + row % Group * width;
                for (int c = 0; c < width; c += 16)
                {
                    float* at = to + first + c;
                    if (first + c + 16 <= output.Length)
                    {
                        T.Store(T.MultiplyAdd(keep, T.Load(at), T.Load(sums + c)), at);
                        continue;
                    }
                    for (int column = first + c; column < output.Length; column++)
                        output[column] = MathF.FusedMultiplyAdd(output[column], keep, sums[column - first]);
                }
            }
        }
    }

    private static float* StripOf(in PackedValues values, ColumnStrips strips, int index) =>
        (float*)values.Data + (nint)strips.FirstColumnOf(index) * values.Count;
}
