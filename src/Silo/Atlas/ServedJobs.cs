using Distributed.Engine.Atlas;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Atlas;

/// <summary>The jobs of the server or of its cluster, as far as they have finished.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="sources">Finds what they read.</param>
/// <param name="data">Where their files are.</param>
public sealed class ServedJobs(IJobService jobs, JobSources sources, DataFolder data) : IAtlasJobs
{
    /// <inheritdoc/>
    /// <exception cref="RefusedException">The job has not finished.</exception>
    public async Task<Func<AtlasSubject>?> FindAsync(string job)
    {
        if (!Guid.TryParse(job, out Guid id) || await jobs.FindAsync(id) is not { } snapshot || await jobs.PathsAsync(id) is not { } paths)
            return null;
        if (paths.Files.Count == 0)
            throw new RefusedException(Refusal.WrongState, $"Job {id} has not finished, or left no files; only a finished job can be looked at.");
        string name = snapshot.Status.Name ?? paths.Files[0].Name;
        return paths.Kind == JobKind.Document
            ? () => AtlasSubject.Open(Path.GetDirectoryName(paths.Files[0].Path)!, name)
            : () => OpenTensors(paths, name);
    }

    // A job's links to its inputs go with its end. They are made anew under a name of the atlas's own, and what they lead to
    // is compared with the job's LSE when it is opened: it may have been replaced.
    private AtlasSubject OpenTensors(JobPaths paths, string name)
    {
        var links = new Links(data.WorkOf(Guid.NewGuid()), data);
        try
        {
            (_, string resolved) = sources.Resolve(links.Id, paths.Submitted);
            return AtlasSubject.Open(SpecificationDocument.Read(resolved) with { Output = paths.Files[0].Path }, name, links);
        }
        catch
        {
            links.Dispose();
            throw;
        }
    }

    private sealed class Links(string path, DataFolder data) : IDisposable
    {
        public Guid Id { get; } = Guid.Parse(Path.GetFileName(path));

        public void Dispose()
        {
            JobFolders.Remove(path);
            JobFolders.Remove(data.ResultsOf(Id));
        }
    }
}
