using System.Text.Json;
using System.Text.Json.Serialization;
using Distributed.Engine.Checkpoints;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Jobs;

/// <summary>The records of jobs on disk, a file for each, replaced in one step with every change.</summary>
/// <param name="data">The data folder.</param>
public sealed class JobRecords(DataFolder data)
{
    private const string Ending = ".json";
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>All records, and away with what a lost process left half-written.</summary>
    /// <param name="halfOlderThan">Younger halves may belong to a process that lives.</param>
    public IReadOnlyList<JobRecord> Load(TimeSpan halfOlderThan)
    {
        var records = new List<JobRecord>();
        foreach (string path in Directory.EnumerateFiles(data.Queue))
        {
            if (path.EndsWith(Ending, StringComparison.Ordinal))
                records.Add(JsonSerializer.Deserialize<JobRecord>(File.ReadAllBytes(path), Json) ?? throw new InvalidDataException($"The record '{path}' is empty."));
            else if (File.GetLastWriteTimeUtc(path) <= DateTime.UtcNow - halfOlderThan)
                File.Delete(path);
        }
        return records;
    }

    /// <summary>Writes a record; it is there for good when this returns.</summary>
    /// <exception cref="IOException">The disk failed; the earlier record is still there.</exception>
    public void Write(JobRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        DurableFile.Write(PathOf(record.Id), stream => JsonSerializer.Serialize(stream, record, Json));
    }

    /// <summary>Takes a record away.</summary>
    public void Delete(Guid job)
    {
        File.Delete(PathOf(job));
        DurableFile.FlushFolder(data.Queue);
    }

    private string PathOf(Guid job) => Path.Combine(data.Queue, job.ToString("n") + Ending);
}
