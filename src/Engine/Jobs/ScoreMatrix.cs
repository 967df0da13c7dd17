using Distributed.Engine.Plan;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Jobs;

/// <summary>The whole matrix of scores of a small problem, row by row, on one thread.</summary>
public static unsafe class ScoreMatrix
{
    /// <summary>Numbers that it has at most, over all batch entries and heads.</summary>
    public const long MaxNumbers = 1L << 26;

    private const double Ln2 = 0.69314718055994530942, Log2E = 1.44269504088896340736;

    /// <summary>Refuses problems that are not small.</summary>
    /// <exception cref="InputException">There are more than <see cref="MaxNumbers"/> scores.</exception>
    public static void RefuseTooLarge(in AttentionShape shape)
    {
        double numbers = (double)shape.Batch * shape.QueryHeads * shape.QueryRows * shape.KeyRows;
        if (numbers > MaxNumbers)
        {
            throw new InputException(
                $"The scores qk [{shape.Batch}, {shape.QueryHeads}, {shape.QueryRows}, {shape.KeyRows}] are {numbers:f0} numbers; at most {MaxNumbers} are written.");
        }
    }

    /// <summary>Computes it.</summary>
    /// <param name="input">The job's tensors.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="kind">Which scores.</param>
    /// <param name="take">Takes each row: its number over batch entries, heads and queries, and its scores.</param>
    /// <exception cref="InputException">It is too large, or an option does not fit the tensors.</exception>
    public static void Compute(
        AttentionInput input, AttentionOptions options, ScoreKind kind, Action<long, ReadOnlySpan<float>> take)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(take);
        AttentionShape shape = input.Shape;
        RefuseTooLarge(shape);
        JobPlan plan = JobPlan.Create(input, options);
        double scale = options.ScaleFor(shape.KeyDim);
        var scores = new float[shape.KeyRows];
        using var preparedQuery = new NativeBuffer((nuint)shape.KeyDim * sizeof(float));
        using var preparedKeys = new NativeBuffer((nuint)shape.KeyDim * SpanGrid.MaxSpanRows * sizeof(float));
        for (long row = 0; row < (long)shape.Batch * shape.QueryHeads * shape.QueryRows; row++)
        {
            int head = (int)(row / shape.QueryRows % shape.QueryHeads);
            var of = new MaskTile((int)(row / shape.QueryRows / shape.QueryHeads), head, new(row % shape.QueryRows, 1), default);
            TensorRows query = input.Queries.Slice(of.Batch, head, of.Queries);
            query = plan.Rows.Queries?.Prepare(query, of.Batch, head, of.Queries.Start, preparedQuery.Floats) ?? query;
            for (int span = 0; span < plan.KeyGrid.Count; span++)
            {
                MaskTile tile = of with { Keys = plan.KeyGrid[span] };
                TensorRows keys = input.Keys.Slice(of.Batch, head / shape.Group, tile.Keys);
                keys = plan.Rows.Keys?.Prepare(keys, of.Batch, head / shape.Group, tile.Keys.Start, preparedKeys.Floats) ?? keys;
                Part(plan, tile, query, scale, keys, kind, scores.AsSpan((int)tile.Keys.Start, tile.Keys.Count));
            }
            if (kind == ScoreKind.Weights)
                Softmax(scores, plan.Scores.SinkOf(head));
            else
            {
                foreach (ref float score in scores.AsSpan())
                    score = ScoreRow.Natural(score);
            }
            take(row, scores);
        }
    }

    private static void Part(
        JobPlan plan, in MaskTile tile, TensorRows query, double scale, TensorRows keys, ScoreKind kind, Span<float> scores)
    {
        float* room = stackalloc float[SpanGrid.MaxSpanRows + 16];
        var padded = new Span<float>(room, (keys.Count + 15) / 16 * 16);
        float distance;
        ScoreStage? stage = kind == ScoreKind.Raw || !plan.Scores.HasStage ? null
            : kind == ScoreKind.Softcap ? plan.Scores.SoftcapAlone : plan.Scores.StageFor(tile, &distance);
        ScoreRow.Compute(query, scale, keys, stage, 0, padded);
        padded[..keys.Count].CopyTo(scores);
        if (kind is ScoreKind.Raw or ScoreKind.Softcap)
            return;
        ulong* memory = stackalloc ulong[MaskWords.WordsFor(keys.Count)];
        var words = new MaskWords(memory, 1, keys.Count);
        words.SetAll();
        plan.Masks.Apply(tile, words);
        for (int key = 0; key < keys.Count; key++)
        {
            if ((words.Row(0)[key / 64] >> (key % 64) & 1) == 0)
                scores[key] = float.NegativeInfinity;
        }
    }

    private static void Softmax(Span<float> scores, float? sink)
    {
        double max = sink * Log2E ?? double.NegativeInfinity;
        foreach (float score in scores)
            max = Math.Max(max, score);
        if (double.IsNegativeInfinity(max))
        {
            scores.Clear();
            return;
        }
        double sum = sink is { } logit ? Math.Exp((logit * Log2E - max) * Ln2) : 0;
        foreach (float score in scores)
            sum += Math.Exp((score - max) * Ln2);
        foreach (ref float score in scores)
            score = (float)(Math.Exp((score - max) * Ln2) / sum);
    }
}
