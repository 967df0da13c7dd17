using System.Globalization;
using System.Text.Json;

namespace Distributed.Cli.Output;

/// <summary>Attention weights of a rectangle, for people and programs.</summary>
internal static class WeightsTable
{
    /// <summary>A line for each row, numbers apart by tabs, after a line of keys.</summary>
    public static void WriteText(TextWriter to, float[] weights, (long First, long End) rows, (long First, long End) keys)
    {
        int width = (int)(keys.End - keys.First);
        to.Write("row\\key");
        for (long key = keys.First; key < keys.End; key++)
            to.Write($"\t{key}");
        to.WriteLine();
        for (long row = rows.First; row < rows.End; row++)
        {
            to.Write(row);
            foreach (float weight in weights.AsSpan((int)(row - rows.First) * width, width))
                to.Write(string.Create(CultureInfo.InvariantCulture, $"\t{weight:g6}"));
            to.WriteLine();
        }
    }

    /// <summary>One JSON object on stdout; null where a row saw a NaN.</summary>
    public static void WriteJson(float[] weights, (long First, long End) rows, (long First, long End) keys)
    {
        using Stream to = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteStartArray("rows");
        json.WriteNumberValue(rows.First);
        json.WriteNumberValue(rows.End);
        json.WriteEndArray();
        json.WriteStartArray("keys");
        json.WriteNumberValue(keys.First);
        json.WriteNumberValue(keys.End);
        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (float[] row in weights.Chunk((int)(keys.End - keys.First)))
        {
            json.WriteStartArray();
            foreach (float weight in row)
            {
                if (float.IsFinite(weight))
                    json.WriteNumberValue(weight);
                else
                    json.WriteNullValue();
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        to.WriteByte((byte)'\n');
    }
}
