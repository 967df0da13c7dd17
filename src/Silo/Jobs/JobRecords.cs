using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Distributed.Engine.Checkpoints;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Jobs;

/// <summary>
/// The records of jobs on disk, a file for each, replaced in one step with every change. They lie in a folder that has the
/// number of the queue that owns them, and the next owner begins by renaming it. A queue that is out of date (its silo was
/// taken for dead, and wakes up again) finds no folder to write in: what it wrote before that, the next owner reads; after
/// that it can write nothing.
/// </summary>
/// <param name="data">The data folder.</param>
public sealed class JobRecords(DataFolder data)
{
    private const string Ending = ".json";
    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };
    private string _folder = "";
    private volatile bool _superseded;

    /// <summary>Whether another queue owns the records by now.</summary>
    public bool Superseded => _superseded;

    /// <summary>Takes the records from whoever had them.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="SupersededException">Another queue has taken them from this one at once.</exception>
    public void Claim()
    {
        while (true)
        {
            long[] numbers = [.. Directory.EnumerateDirectories(data.Queue).Select(Number)];
            if (numbers.Length == 0)
                Directory.CreateDirectory(FolderOf(0));
            else if (TryRename(numbers.Max()))
                break;
        }
        AsOwner(() =>
        {
            // Records of a version that had them without a number.
            foreach (string path in Directory.EnumerateFiles(data.Queue, "*" + Ending))
                File.Move(path, Path.Combine(_folder, Path.GetFileName(path)));
            DurableFile.FlushFolder(data.Queue);
            DurableFile.FlushFolder(_folder);
        });
    }

    /// <summary>All records, and away with what a lost process left half-written.</summary>
    /// <param name="halfOlderThan">Younger halves may belong to a process that lives.</param>
    /// <exception cref="SupersededException">Another queue owns the records by now.</exception>
    public IReadOnlyList<JobRecord> Load(TimeSpan halfOlderThan)
    {
        IReadOnlyList<JobRecord> all = [];
        AsOwner(() => all = Read(halfOlderThan));
        return all;
    }

    private List<JobRecord> Read(TimeSpan halfOlderThan)
    {
        var records = new List<JobRecord>();
        foreach (string path in Directory.EnumerateFiles(_folder))
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
    /// <exception cref="SupersededException">Another queue owns the records by now.</exception>
    public void Write(JobRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        AsOwner(() => DurableFile.Write(PathOf(record.Id), stream => JsonSerializer.Serialize(stream, record, Json)));
    }

    /// <summary>Takes a record away.</summary>
    /// <exception cref="SupersededException">Another queue owns the records by now.</exception>
    public void Delete(Guid job) => AsOwner(() =>
    {
        File.Delete(PathOf(job));
        DurableFile.FlushFolder(_folder);
    });

    private void AsOwner(Action change)
    {
        try
        {
            change();
        }
        catch (IOException gone) when (!Directory.Exists(_folder))
        {
            _superseded = true;
            throw new SupersededException(gone);
        }
    }

    private bool TryRename(long number)
    {
        string next = FolderOf(number + 1);
        try
        {
            Directory.Move(FolderOf(number), next);
            _folder = next;
            return true;
        }
        catch (IOException) when (Directory.Exists(next) || !Directory.Exists(FolderOf(number)))
        {
            // Another queue has just done so.
            return false;
        }
    }

    private string FolderOf(long number) => Path.Combine(data.Queue, number.ToString(CultureInfo.InvariantCulture));

    private string PathOf(Guid job) => Path.Combine(_folder, job.ToString("n") + Ending);

    private static long Number(string folder) => long.Parse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture);
}
