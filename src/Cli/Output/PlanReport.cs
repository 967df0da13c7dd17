using System.Text.Json;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend plan</c> prints.</summary>
internal static class PlanReport
{
    /// <summary>For people.</summary>
    public static void WriteText(TextWriter to, JobPlan plan, FileJobSpecification job)
    {
        int threads = job.Options.ThreadsHere();
        AttentionShape shape = plan.Shape;
        TileCounts tiles = plan.Counts;
        to.WriteLine(
            $"q         [{shape.Batch}, {shape.QueryHeads}, {shape.QueryRows}, {shape.KeyDim}], " +
            $"keys and values of {shape.KeyHeads} heads × {shape.KeyRows} rows ({shape.PastRows} past), value size {shape.ValueDim}");
        to.WriteLine($"masks     {plan.Masks.Description}");
        to.WriteLine($"scores    {plan.Scores.Description}");
        to.WriteLine(
            $"tiles     {tiles.Full} full, {tiles.Partial} partial, {tiles.Skipped} skipped, of up to " +
            $"{plan.QueryGrid.SpanRows} × {plan.KeyGrid.SpanRows}, " +
            (tiles.Matrices == 1 ? "per head" : $"over {tiles.Matrices} attention matrices that the masks tell apart"));
        to.WriteLine($"cost      about {plan.Operations:g3} floating-point operations (a partial tile counted as half)");
        to.WriteLine($"blocks    {plan.Blocks.Count}, of {Shares(plan)} of the cost");
        to.WriteLine($"memory    about {EmbeddedEngine.EstimateMemory(plan, threads) >> 20} MiB private, with {threads} threads, beside mapped files");
        if (job.NeedsWeights)
        {
            to.WriteLine(
                $"analytics about {AnalyticsFlops(plan):g3} floating-point operations more in a second pass, and " +
                $"{job.Analytics!.MemoryFor(shape) >> 20} MiB for its results");
        }
    }

    /// <summary>For programs: one JSON object.</summary>
    public static void WriteJson(Stream to, JobPlan plan, FileJobSpecification job)
    {
        int threads = job.Options.ThreadsHere();
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true });
        AttentionShape shape = plan.Shape;
        json.WriteStartObject();
        RunReport.WriteShape(json, shape);
        json.WriteNumber("past_rows", shape.PastRows);
        json.WriteString("masks", plan.Masks.Description);
        json.WriteString("scores", plan.Scores.Description);
        RunReport.WriteTiles(json, plan.Counts);
        json.WriteNumber("tile_rows", plan.QueryGrid.SpanRows);
        json.WriteNumber("estimated_flops", plan.Operations);
        json.WriteNumber("estimated_bytes", EmbeddedEngine.EstimateMemory(plan, threads));
        json.WriteNumber("threads", threads);
        if (job.NeedsWeights)
        {
            json.WriteNumber("analytics_flops", AnalyticsFlops(plan));
            json.WriteNumber("analytics_bytes", job.Analytics!.MemoryFor(shape));
        }
        json.WriteStartArray("blocks");
        foreach (PlannedBlock block in plan.Blocks)
        {
            json.WriteStartObject();
            json.WriteNumber("first_query_row", (long)block.FirstQuerySpan * plan.QueryGrid.SpanRows);
            json.WriteNumber("first_key", (long)block.FirstKeySpan * plan.KeyGrid.SpanRows);
            json.WriteNumber("estimated_pairs_per_head", block.Cost);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        to.WriteByte((byte)'\n');
    }

    // The scores again, without the values.
    private static double AnalyticsFlops(JobPlan plan) =>
        plan.Cost * plan.Shape.Batch * plan.Shape.QueryHeads * 2 * plan.Shape.KeyDim;

    private static string Shares(JobPlan plan)
    {
        double cost = plan.Cost;
        return cost == 0
            ? "nothing"
            : $"{plan.Blocks.Min(block => block.Cost) / cost:p1} to {plan.Blocks.Max(block => block.Cost) / cost:p1}";
    }
}
