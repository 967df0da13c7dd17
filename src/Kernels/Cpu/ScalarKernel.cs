using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu;

/// <summary>The arithmetic of docs/kernels.md one number at a time: slow, short, and what the others are held against.</summary>
public sealed unsafe class ScalarKernel : CpuKernel
{
    /// <inheritdoc/>
    public override string Name => "scalar";

    /// <inheritdoc/>
    public override nuint QueryBytes(int rows, int keyDim) => (nuint)rows * (nuint)keyDim * sizeof(float);

    /// <inheritdoc/>
    public override nuint KeyBytes(int keys, int keyDim) => (nuint)keys * (nuint)keyDim * sizeof(float);

    /// <inheritdoc/>
    public override nuint ValueBytes(int keys, int valueDim) => (nuint)keys * (nuint)valueDim * sizeof(float);

    /// <inheritdoc/>
    public override nuint WorkspaceBytes(int keyDim, int valueDim) =>
        (nuint)Spans.SpanGrid.MaxSpanRows * (nuint)(1 + keyDim + valueDim) * sizeof(float);

    /// <inheritdoc/>
    public override int DirectRows => 0;

    /// <inheritdoc/>
    public override PackedQueries PackQueries(TensorRows queries, double scale, byte* destination)
    {
        var packed = (float*)destination;
        for (int row = 0; row < queries.Count; row++)
        {
            for (int d = 0; d < queries.Dim; d++)
                *packed++ = (float)(ElementReader.Read(queries, row, d) * (scale * Arithmetic.Log2E));
        }
        return new PackedQueries(destination, queries.Count, queries.Dim);
    }

    /// <inheritdoc/>
    public override PackedKeys PackKeys(TensorRows keys, byte* destination)
    {
        Copy(keys, (float*)destination);
        return new PackedKeys(destination, keys.Count, keys.Dim);
    }

    /// <inheritdoc/>
    public override PackedValues PackValues(TensorRows values, byte* destination) =>
        new(destination, values.Count, values.Dim, Copy(values, (float*)destination));

    /// <inheritdoc/>
    public override void Fold(
        in PackedQueries queries, in PackedKeys keys, in PackedValues values, MaskWords? mask, in AttentionState state,
        byte* workspace)
    {
        var scores = new Span<float>(workspace, keys.Count);
        for (int row = 0; row < queries.Rows; row++)
        {
            RowScores(queries, keys, mask, row, scores);
            FoldRow(scores, values, mask, state, row);
        }
    }

    /// <inheritdoc/>
    public override void FoldScores(
        float* scores, nint rowStride, in PackedValues values, MaskWords? mask, in AttentionState state, byte* workspace)
    {
        var copy = new Span<float>(workspace, values.Count);
        for (int row = 0; row < state.Rows; row++)
        {
            for (int key = 0; key < copy.Length; key++)
                copy[key] = float.IsNaN(scores[row * rowStride + key]) ? float.NaN : scores[row * rowStride + key];
            Hide(mask, row, copy);
            FoldRow(copy, values, mask, state, row);
        }
    }

    // The scores become weights on the way.
    private static void FoldRow(Span<float> weights, in PackedValues values, MaskWords? mask, in AttentionState state, int row)
    {
        Span<float> lanes = stackalloc float[Arithmetic.Lanes];
        lanes.Clear();
        float max = state.Max[row];
        foreach (float score in weights)
            max = score > max ? score : max;
        max += 0f;
        float shift = Arithmetic.Shift(max);
        float keep = Exp2.Weight(state.Max[row] - shift);
        if (state.Statistics is not null)
            AddStatistics(*state.Statistics, row, shift, weights);
        for (int key = 0; key < weights.Length; key++)
        {
            weights[key] = Exp2.Weight(weights[key] - shift);
            lanes[key % Arithmetic.Lanes] += weights[key];
        }
        for (int half = Arithmetic.Lanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++)
                lanes[lane] += lanes[lane + half];
        }
        state.Max[row] = max;
        state.Sum[row] = MathF.FusedMultiplyAdd(state.Sum[row], keep, lanes[0]);
        Span<float> output = state.OutputRow(row);
        for (int c = 0; c < values.Dim; c++)
        {
            float sum = 0f, chunk = 0f;
            float* value = (float*)values.Data + c;
            for (int key = 0; key < weights.Length; key++, value += values.Dim)
            {
                if (mask is null || Sees(mask.Value, row, key))
                    chunk = MathF.FusedMultiplyAdd(weights[key], *value, chunk);
                if ((key + 1) % Arithmetic.ChunkKeys == 0 || key + 1 == weights.Length)
                {
                    sum += chunk;
                    chunk = 0f;
                }
            }
            output[c] = MathF.FusedMultiplyAdd(output[c], keep, sum);
        }
    }

    /// <inheritdoc/>
    public override void FoldDirect(
        in PackedQueries queries, TensorRows keys, TensorRows values, MaskWords? mask, in AttentionState state,
        byte* workspace)
    {
        byte* keyMemory = workspace + Spans.SpanGrid.MaxSpanRows * sizeof(float);
        byte* valueMemory = keyMemory + KeyBytes(keys.Count, keys.Dim);
        Fold(queries, PackKeys(keys, keyMemory), PackValues(values, valueMemory), mask, state, workspace);
    }

    /// <inheritdoc/>
    public override void Weights(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* logSumExp, float* weights, nint rowStride,
        byte* workspace)
    {
        for (int row = 0; row < queries.Rows; row++)
        {
            var of = new Span<float>(weights + row * rowStride, keys.Count);
            RowScores(queries, keys, mask, row, of);
            float shift = Arithmetic.Shift(logSumExp[row]);
            for (int key = 0; key < of.Length; key++)
                of[key] = mask is null || Sees(mask.Value, row, key) ? Exp2.Weight(of[key] - shift) : 0f;
        }
    }

    /// <inheritdoc/>
    public override void Scores(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* scores, nint rowStride, byte* workspace)
    {
        for (int row = 0; row < queries.Rows; row++)
            RowScores(queries, keys, mask, row, new Span<float>(scores + row * rowStride, keys.Count));
    }

    private static void RowScores(in PackedQueries queries, in PackedKeys keys, MaskWords? mask, int row, Span<float> scores)
    {
        var query = (float*)queries.Data + (nint)row * queries.Dim;
        for (int key = 0; key < scores.Length; key++)
        {
            var of = (float*)keys.Data + (nint)key * keys.Dim;
            float sum = 0f, chunk = 0f;
            for (int d = 0; d < keys.Dim; d++)
            {
                chunk = MathF.FusedMultiplyAdd(query[d], of[d], chunk);
                if ((d + 1) % Arithmetic.ChunkElements == 0 || d + 1 == keys.Dim)
                {
                    sum += chunk;
                    chunk = 0f;
                }
            }
            scores[key] = sum;
        }
        if (queries.Stage is not null)
            ApplyStage(*queries.Stage, row, scores);
        Hide(mask, row, scores);
    }

    private static void Hide(MaskWords? mask, int row, Span<float> scores)
    {
        for (int key = 0; mask is not null && key < scores.Length; key++)
            scores[key] = Sees(mask.Value, row, key) ? scores[key] : float.NegativeInfinity;
    }

    // A stage works on whole vectors, and here there may be no room behind the last score.
    private static void ApplyStage(in ScoreStage stage, int row, Span<float> scores)
    {
        float* lanes = stackalloc float[Arithmetic.Lanes];
        for (int key = 0; key < scores.Length; key += Arithmetic.Lanes)
        {
            Span<float> part = scores[key..Math.Min(key + Arithmetic.Lanes, scores.Length)];
            var copy = new Span<float>(lanes, Arithmetic.Lanes);
            copy.Clear();
            part.CopyTo(copy);
            stage.Apply(row, 1, key, lanes, Arithmetic.Lanes, Arithmetic.Lanes);
            copy[..part.Length].CopyTo(part);
        }
    }

    // The sums of statistics are laid out in lanes too; there is one code for them.
    private static void AddStatistics(in RowStatistics statistics, int row, float shift, ReadOnlySpan<float> scores)
    {
        float* padded = stackalloc float[scores.Length + Arithmetic.Lanes];
        new Span<float>(padded, scores.Length + Arithmetic.Lanes).Fill(float.NegativeInfinity);
        scores.CopyTo(new Span<float>(padded, scores.Length));
        float* sums = stackalloc float[Arithmetic.Lanes];
        StatisticsPass<Lanes128>.Row(padded, new KeyRange(0, scores.Length), shift, statistics, row, scores.Length, sums);
    }

    private static bool Sees(MaskWords mask, int row, int key) => (mask.Row(row)[key / 64] >> (key % 64) & 1) != 0;

    private static bool Copy(TensorRows rows, float* destination)
    {
        bool finite = true;
        for (int row = 0; row < rows.Count; row++)
        {
            for (int d = 0; d < rows.Dim; d++, destination++)
            {
                *destination = ElementReader.Read(rows, row, d);
                finite &= float.IsFinite(*destination);
            }
        }
        return finite;
    }
}
