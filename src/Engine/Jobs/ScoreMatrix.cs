using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;
using Distributed.Kernels.Memory;
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
        if (!plan.Mechanism.HasScores)
            throw new InputException($"{plan.Scores.Description} has no scores that could be looked at.");
        var kept = new KeptKeys(plan.Mechanism.Kind == MechanismKind.Hard ? plan.Mechanism.Kept : null);
        using var scores = new NativeBuffer((nuint)plan.QueryGrid.SpanRows * RowFloats(shape) * sizeof(float));
        using var tiles = new ScoreTiles(plan, input);
        for (int head = 0; head < shape.Batch * shape.QueryHeads; head++)
        {
            for (int span = 0; span < plan.QueryGrid.Count; span++)
            {
                RowRange rows = plan.QueryGrid[span];
                tiles.Write(head / shape.QueryHeads, head % shape.QueryHeads, span, kind, scores.Floats, (nint)RowFloats(shape));
                for (int row = 0; row < rows.Count; row++)
                {
                    var of = new Span<float>(scores.Floats + row * (nint)RowFloats(shape), (int)shape.KeyRows);
                    Finish(of, kind, kept, plan.Scores.SinkOf(head % shape.QueryHeads));
                    take(head * shape.QueryRows + rows.Start + row, of);
                }
            }
        }
    }

    // Kernels write whole spans.
    private static nuint RowFloats(in AttentionShape shape) => (nuint)(shape.KeyRows + SpanGrid.MaxSpanRows);

    private static void Finish(Span<float> scores, ScoreKind kind, KeptKeys kept, float? sink)
    {
        if (kind == ScoreKind.Weights)
        {
            kept.HideOthers(scores);
            Softmax(scores, sink);
            return;
        }
        foreach (ref float score in scores)
            score = (float)(score * Ln2);
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
