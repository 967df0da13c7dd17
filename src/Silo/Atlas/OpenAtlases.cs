using Distributed.Engine.Atlas;

namespace Distributed.Silo.Atlas;

/// <summary>The atlases that are open, the one that was looked at longest ago closed when there are too many.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="options">With how much of the machine each of them works.</param>
public sealed class OpenAtlases(IAtlasJobs jobs, AtlasOptions options)
{
    private const int MostOpen = 2;

    private readonly Lock _lock = new();
    private readonly List<(string Job, OpenAtlas Atlas)> _recent = [];

    /// <summary>The atlas of a job, opened if need be, for the caller to release; null = there is no such job.</summary>
    /// <exception cref="Distributed.Engine.InputException">The job cannot be looked at.</exception>
    internal async Task<OpenAtlas?> UseAsync(string job)
    {
        if (Find(job) is { } open)
            return open;
        if (await jobs.FindAsync(job) is not { } how)
            return null;
        lock (_lock)
        {
            if (FindLocked(job) is { } meanwhile)
                return meanwhile;
            var atlas = new OpenAtlas(how, options);
            atlas.TryUse();
            _recent.Insert(0, (job, atlas));
            while (_recent.Count > MostOpen)
                Close(_recent.Count - 1);
            return atlas;
        }
    }

    /// <summary>Forgets an atlas whose failure has been told, so that the next who asks makes another attempt.</summary>
    internal void Forget(OpenAtlas atlas)
    {
        lock (_lock)
        {
            int at = _recent.FindIndex(open => open.Atlas == atlas);
            if (at >= 0)
                Close(at);
        }
    }

    private OpenAtlas? Find(string job)
    {
        lock (_lock)
            return FindLocked(job);
    }

    private OpenAtlas? FindLocked(string job)
    {
        int at = _recent.FindIndex(open => open.Job == job);
        if (at < 0)
            return null;
        (string, OpenAtlas Atlas) found = _recent[at];
        _recent.RemoveAt(at);
        if (!found.Atlas.TryUse())
            return null;
        _recent.Insert(0, found);
        return found.Atlas;
    }

    private void Close(int at)
    {
        _recent[at].Atlas.Release();
        _recent.RemoveAt(at);
    }
}
