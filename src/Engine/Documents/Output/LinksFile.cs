using System.Text.Encodings.Web;
using System.Text.Json;
using Distributed.Engine.Analytics;

namespace Distributed.Engine.Documents.Output;

/// <summary>Writes <c>links.json</c>; docs/documents.md describes it.</summary>
internal static class LinksFile
{
    // The file is read by programs and people, never pasted into HTML: letters stay letters.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the whole file.</summary>
    public static void Write(
        Stream stream, IReadOnlyList<Passage> passages, TopLinks strongest, IReadOnlyList<RowPair> links,
        CancellationToken cancellation)
    {
        using var json = new Utf8JsonWriter(stream, Options);
        json.WriteStartObject();
        json.WriteStartArray("passages");
        foreach (Passage passage in passages)
        {
            cancellation.ThrowIfCancellationRequested();
            BreakLine(json, stream);
            Write(json, passage, strongest[passage.Index]);
        }
        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach (RowPair link in links)
        {
            BreakLine(json, stream);
            json.WriteStartObject();
            json.WriteNumber("query", link.Query);
            json.WriteNumber("key", link.Key);
            json.WriteNumber("weight", link.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        stream.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, Passage passage, ReadOnlySpan<Link> strongest)
    {
        json.WriteStartObject();
        json.WriteNumber("index", passage.Index);
        json.WriteNumber("line", passage.Line);
        json.WriteString("text", passage.Text);
        json.WriteStartArray("strongest");
        foreach (Link link in strongest)
        {
            json.WriteStartObject();
            json.WriteNumber("key", link.Key);
            json.WriteNumber("weight", link.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // One passage per line, so that line tools can read the file, and so that little is held in memory.
    private static void BreakLine(Utf8JsonWriter json, Stream stream)
    {
        json.Flush();
        stream.WriteByte((byte)'\n');
    }
}
