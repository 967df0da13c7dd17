using System.Text.Json;
using Distributed.Engine.Timelines;
using Distributed.Silo.Http;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Jobs;

/// <summary>What the blocks of jobs did, kept for people when nothing computes them any more. A job can do without.</summary>
internal sealed class JobTimelines(DataFolder data)
{
    private const string Ending = ".json";

    /// <summary>Keeps a job's.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Write(Guid job, JobBlocks blocks)
    {
        string half = PathOf(job) + ".partial";
        File.WriteAllBytes(half, JsonSerializer.SerializeToUtf8Bytes(blocks, ApiJson.Options));
        File.Move(half, PathOf(job), overwrite: true);
    }

    /// <summary>A job's; null when there is none.</summary>
    public JobBlocks? Read(Guid job)
    {
        try
        {
            return JsonSerializer.Deserialize<JobBlocks>(File.ReadAllBytes(PathOf(job)), ApiJson.Options);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Takes a job's away.</summary>
    public void Delete(Guid job) => File.Delete(PathOf(job));

    /// <summary>Takes away what belongs to no job.</summary>
    /// <param name="isKnown">Whether there is such a job.</param>
    public void Sweep(Func<Guid, bool> isKnown)
    {
        foreach (string path in Directory.EnumerateFiles(data.Timelines))
        {
            if (!path.EndsWith(Ending, StringComparison.Ordinal) || !Guid.TryParseExact(Path.GetFileNameWithoutExtension(path), "n", out Guid job) || !isKnown(job))
                File.Delete(path);
        }
    }

    private string PathOf(Guid job) => Path.Combine(data.Timelines, job.ToString("n") + Ending);
}
