using System.Globalization;
using System.Text;
using System.Text.Json;
using Distributed.Engine.Analytics;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Atlas;

/// <summary>The folder that a document job leaves, as something to look at.</summary>
internal static class DocumentFolder
{
    public const string Embeddings = "embeddings.safetensors", Links = "links.json";

    /// <summary>Opens the folder.</summary>
    /// <exception cref="InputException">A file is missing or not what such a job writes.</exception>
    public static AtlasSubject Open(string folder, string? name)
    {
        string embeddings = Path.Combine(folder, Embeddings), links = Path.Combine(folder, Links);
        if (!File.Exists(embeddings) || !File.Exists(links))
            throw new InputException($"The folder {Quoted.Path(folder)} has no {(File.Exists(embeddings) ? Links : Embeddings)}; a folder that attend document wrote is expected.");
        return OpenEmbeddings(embeddings, links, name ?? Path.GetFileName(Path.GetFullPath(folder)));
    }

    /// <summary>Opens the embeddings, and the passages if there is a file of them.</summary>
    /// <exception cref="InputException">A file is not what such a job writes.</exception>
    public static AtlasSubject OpenEmbeddings(string path, string? links, string name)
    {
        TensorFile file = TensorFile.Open(path);
        try
        {
            MappedTensor embeddings = file.Map("embeddings");
            long[] shape = embeddings.Info.Shape;
            if (shape.Length != 4 || embeddings.Info.ElementType is not { } type)
                throw new InputException($"{Quoted.Path(path)} has embeddings of {embeddings.Info.DType} {embeddings.Info.ShapeText}; numbers [1, heads, passages, size] are expected.");
            HeadTensor rows = HeadTensor.Dense(embeddings.Start, type, HeadLayout.Bhsd, (int)shape[0], (int)shape[1], shape[2], (int)shape[3]);
            var input = new AttentionInput(rows, rows, rows);
            long exclude = (long)Number(file, "exclude");
            var options = new AttentionOptions { Scale = Number(file, "scale"), ExcludedBand = exclude < 0 ? null : exclude };
            IReadOnlyList<AtlasPassage>? passages = links is null ? null : Passages(links, shape[2]);
            return new AtlasSubject(name, new JobWeights(input, options), AtlasSubject.Read(file, input.Shape), passages, [file]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static double Number(TensorFile file, string name) =>
        file.Metadata.TryGetValue(name, out string? text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new InputException($"{Quoted.Path(file.Path)} has no number '{name}' in its metadata; a file that attend document wrote is expected.");

    // One passage stands on each line, so that little is held in memory.
    private static List<AtlasPassage> Passages(string path, long count)
    {
        var passages = new List<AtlasPassage>();
        try
        {
            foreach (string line in File.ReadLines(path).Skip(1))
            {
                using JsonDocument passage = First(line.StartsWith(',') ? line[1..] : line);
                string text = passage.RootElement.GetProperty("text").GetString() ?? "";
                passages.Add(new AtlasPassage(passage.RootElement.GetProperty("line").GetInt32(), text));
                if (passages.Count == count)
                    break;
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException)
        {
            throw new InputException($"{Quoted.Path(path)} is not what attend document wrote: {error.Message}", error);
        }
        return passages.Count == count
            ? passages
            : throw new InputException($"{Quoted.Path(path)} has {passages.Count} passages, but the embeddings beside it have {count}.");
    }

    // The end of the list stands on the line of the last passage.
    private static JsonDocument First(string line)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(line));
        return JsonDocument.ParseValue(ref reader);
    }
}
