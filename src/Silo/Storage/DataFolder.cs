using Distributed.Engine;

namespace Distributed.Silo.Storage;

/// <summary>The one folder that all of a server's data is under, and what lies where in it.</summary>
/// <param name="root">Its full path.</param>
/// <remarks>
/// <c>tensors/</c>, <c>documents/</c>: stored files. <c>uploads/</c>: those in the making. <c>locks/</c>: what is locked
/// while a name of theirs changes. <c>queue/JOB.json</c>: the record of each job. <c>work/JOB/</c>: what a job needs until
/// it ends. <c>results/JOB/</c>: what it made. A cluster's coordinators have <c>jobs/</c> and <c>active/</c> beside them.
/// </remarks>
public sealed class DataFolder(string root)
{
    /// <summary>Folder, in that of a job's results, with the stored files that it reads.</summary>
    public const string Inputs = "inputs";

    /// <summary>Its path.</summary>
    public string Root => root;

    /// <summary>Records of jobs.</summary>
    public string Queue => Path.Combine(root, "queue");

    /// <summary>What is locked while the name of a stored file changes.</summary>
    public string Locks => Path.Combine(root, "locks");

    /// <summary>What jobs need until they end, a folder for each.</summary>
    public string Work => Path.Combine(root, "work");

    /// <summary>What jobs made, a folder for each.</summary>
    public string Results => Path.Combine(root, "results");

    /// <summary>What the blocks of jobs did, a file for each job.</summary>
    public string Timelines => Path.Combine(root, "timelines");

    /// <summary>Where a job has what it needs until it ends.</summary>
    public string WorkOf(Guid job) => Path.Combine(Work, job.ToString("n"));

    /// <summary>Where a job's results are.</summary>
    public string ResultsOf(Guid job) => Path.Combine(Results, job.ToString("n"));

    /// <summary>Makes the folders.</summary>
    /// <exception cref="InputException">They cannot be made.</exception>
    public void Open()
    {
        try
        {
            foreach (string folder in new[] { root, Queue, Work, Results, Timelines })
                Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The data folder '{root}' cannot be used: {error.Message}", error);
        }
    }

    /// <summary>Keeps other servers out of a folder that is not shared, for as long as the process lives.</summary>
    /// <exception cref="InputException">Another server has it, or it cannot be written.</exception>
    public IDisposable Lock()
    {
        try
        {
            return LockedFile.TryOpen(Path.Combine(root, "lock"))
                ?? throw new InputException($"The data folder '{root}' belongs to another server that runs; give another one with --data.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The data folder '{root}' cannot be used: {error.Message}", error);
        }
    }
}
