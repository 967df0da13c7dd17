using System.Text.Json;
using Distributed.Engine.Analytics;
using Distributed.Engine.Documents;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend document</c> prints when it is done.</summary>
internal static class DocumentResult
{
    private const int LinksShown = 12, CharactersShown = 72;

    /// <summary>Prints it to stdout.</summary>
    /// <param name="report">What the job found.</param>
    /// <param name="asJson">As one JSON object instead of for people.</param>
    public static void Print(DocumentReport report, bool asJson)
    {
        if (!asJson)
        {
            WriteText(Console.Out, report);
            return;
        }
        using Stream to = Console.OpenStandardOutput();
        WriteJson(to, report);
    }

    /// <summary>For people.</summary>
    public static void WriteText(TextWriter to, DocumentReport report)
    {
        JobReport attention = report.Attention;
        to.WriteLine($"{report.Name}: {report.Passages.Count:N0} passages ({report.Options.Unit}), {attention.Shape.QueryHeads} heads of {attention.Shape.KeyDim}");
        to.WriteLine($"masks     {attention.Masks}");
        to.WriteLine($"tiles     {attention.Tiles.Full:N0} full, {attention.Tiles.Partial:N0} partial, {attention.Tiles.Skipped:N0} skipped, per head");
        to.WriteLine($"attention {attention.Elapsed.TotalSeconds:f1} s, {attention.FlopsPerSecond / 1e9:g3} GFLOP/s, {Where(attention)}");
        DocumentTimes times = report.Times;
        to.WriteLine($"in all    {times.Total.TotalSeconds:f1} s: embedding {times.Embedding.TotalSeconds:f1}, attention {times.Attention.TotalSeconds:f1}, links {times.Links.TotalSeconds:f1}, files {times.Files.TotalSeconds:f1}");
        to.WriteLine();
        to.WriteLine(report.Links.Count == 0 ? "No passage has another to attend to." : "strongest links");
        foreach (RowPair link in report.Links.Take(LinksShown))
        {
            to.WriteLine($"  {link.Weight:f3}  line {Told(report.Passages[link.Query])}");
            to.WriteLine($"      ↔  line {Told(report.Passages[link.Key])}");
        }
        if (report.Files.Count == 0)
            return;
        to.WriteLine();
        foreach (string file in report.Files)
            to.WriteLine($"wrote     {file}");
    }

    /// <summary>For programs: one JSON object.</summary>
    public static void WriteJson(Stream to, DocumentReport report)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("document", report.Name);
        json.WriteString("unit", report.Options.Unit.ToString());
        json.WriteNumber("passages", report.Passages.Count);
        json.WriteNumber("heads", report.Attention.Shape.QueryHeads);
        json.WriteNumber("head_size", report.Attention.Shape.KeyDim);
        json.WriteString("masks", report.Attention.Masks);
        json.WriteNumber("gflops_per_second", report.Attention.FlopsPerSecond / 1e9);
        json.WriteStartObject("seconds");
        json.WriteNumber("embedding", report.Times.Embedding.TotalSeconds);
        json.WriteNumber("attention", report.Times.Attention.TotalSeconds);
        json.WriteNumber("links", report.Times.Links.TotalSeconds);
        json.WriteNumber("files", report.Times.Files.TotalSeconds);
        json.WriteEndObject();
        json.WriteStartArray("links");
        foreach (RowPair link in report.Links)
        {
            json.WriteStartObject();
            json.WriteNumber("query", link.Query);
            json.WriteNumber("query_line", report.Passages[link.Query].Line);
            json.WriteNumber("key", link.Key);
            json.WriteNumber("key_line", report.Passages[link.Key].Line);
            json.WriteNumber("weight", link.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("files");
        foreach (string file in report.Files)
            json.WriteStringValue(file);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        to.WriteByte((byte)'\n');
    }

    private static string Where(JobReport attention) =>
        attention.Threads == 0 ? attention.Kernel : $"kernel {attention.Kernel}, {attention.Threads} threads";

    private static string Told(Passage passage)
    {
        string text = string.Join(' ', passage.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return $"{passage.Line,7:N0}  {(text.Length <= CharactersShown ? text : text[..(CharactersShown - 1)] + "…")}";
    }
}
