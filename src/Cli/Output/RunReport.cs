using System.Text.Json;
using Distributed.Engine.Devices;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend run</c> prints when it is done.</summary>
internal static class RunReport
{
    /// <summary>For people.</summary>
    public static void WriteText(TextWriter to, FileJobSpecification job, JobReport report)
    {
        AttentionShape shape = report.Shape;
        to.WriteLine($"wrote     {job.Output}");
        to.WriteLine(
            $"q         [{shape.Batch}, {shape.QueryHeads}, {shape.QueryRows}, {shape.KeyDim}], " +
            $"keys and values of {shape.KeyHeads} heads × {shape.KeyRows} rows, value size {shape.ValueDim}");
        to.WriteLine($"masks     {report.Masks}");
        to.WriteLine($"scores    {report.Scores}");
        to.WriteLine(
            $"tiles     {report.Tiles.Full} full, {report.Tiles.Partial} partial, {report.Tiles.Skipped} skipped, " +
            (report.Tiles.Matrices == 1 ? "per head" : $"over {report.Tiles.Matrices} attention matrices that the masks tell apart"));
        to.WriteLine(
            $"time      {report.Elapsed.TotalSeconds:f2} s, {report.FlopsPerSecond / 1e9:g3} GFLOP/s, kernel {report.Kernel}, " +
            $"{report.Threads} threads, {report.Blocks} blocks");
        if (report.Device is { } device)
        {
            to.WriteLine(
                $"device    {device.Kernel}: {device.Folds} folds, {device.SpansUploaded} key spans uploaded, " +
                $"{device.PassedOn} folds with NaN or infinity left to the CPU, {device.Failures} failed and done by the CPU" +
                (device.LastFailure is { } failure ? $" ({failure})" : ""));
        }
        else if (report.DeviceNotes.Count > 0)
        {
            to.WriteLine($"device    the CPU. {string.Join(' ', report.DeviceNotes)}");
        }
        if (report.Analytics is { } analytics)
            to.WriteLine($"analytics {analytics.TotalSeconds:f2} s for a second pass over the weights");
    }

    /// <summary>For programs: one JSON object.</summary>
    public static void WriteJson(Stream to, FileJobSpecification job, JobReport report)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true });
        AttentionShape shape = report.Shape;
        json.WriteStartObject();
        json.WriteString("output", job.Output);
        WriteShape(json, shape);
        json.WriteString("masks", report.Masks);
        json.WriteString("scores", report.Scores);
        WriteTiles(json, report.Tiles);
        json.WriteNumber("blocks", report.Blocks);
        json.WriteNumber("threads", report.Threads);
        json.WriteString("kernel", report.Kernel);
        WriteDevice(json, report.Device);
        json.WriteStartArray("device_notes");
        foreach (string note in report.DeviceNotes)
            json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteNumber("pairs", report.PairsSeen);
        json.WriteNumber("flops", report.Flops);
        json.WriteNumber("seconds", report.Elapsed.TotalSeconds);
        json.WriteNumber("gflops_per_second", report.FlopsPerSecond / 1e9);
        if (report.Analytics is { } analytics)
            json.WriteNumber("analytics_seconds", analytics.TotalSeconds);
        json.WriteEndObject();
        json.Flush();
        to.WriteByte((byte)'\n');
    }

    private static void WriteDevice(Utf8JsonWriter json, DeviceReport? device)
    {
        if (device is null)
        {
            json.WriteString("device", "cpu");
            return;
        }
        json.WriteStartObject("device");
        json.WriteString("kernel", device.Kernel);
        json.WriteBoolean("same_bits_as_cpu", device.SameBitsAsCpu);
        json.WriteNumber("folds", device.Folds);
        json.WriteNumber("passed_on", device.PassedOn);
        json.WriteNumber("failures", device.Failures);
        json.WriteString("last_failure", device.LastFailure);
        json.WriteNumber("spans_uploaded", device.SpansUploaded);
        json.WriteEndObject();
    }

    /// <summary>Member <c>shape</c>.</summary>
    public static void WriteShape(Utf8JsonWriter json, in AttentionShape shape)
    {
        json.WriteStartObject("shape");
        json.WriteNumber("batch", shape.Batch);
        json.WriteNumber("query_heads", shape.QueryHeads);
        json.WriteNumber("key_heads", shape.KeyHeads);
        json.WriteNumber("query_rows", shape.QueryRows);
        json.WriteNumber("key_rows", shape.KeyRows);
        json.WriteNumber("key_dim", shape.KeyDim);
        json.WriteNumber("value_dim", shape.ValueDim);
        json.WriteEndObject();
    }

    /// <summary>Member <c>tiles</c>.</summary>
    public static void WriteTiles(Utf8JsonWriter json, TileCounts tiles)
    {
        json.WriteStartObject("tiles");
        json.WriteNumber("full", tiles.Full);
        json.WriteNumber("partial", tiles.Partial);
        json.WriteNumber("skipped", tiles.Skipped);
        json.WriteNumber("matrices", tiles.Matrices);
        json.WriteEndObject();
    }
}
