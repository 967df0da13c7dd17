using Distributed.Engine;
using Distributed.Engine.Atlas;

namespace Distributed.Silo.Atlas;

/// <summary>The jobs whose attention can be looked at.</summary>
public interface IAtlasJobs
{
    /// <summary>How to open a job; null = there is no such job.</summary>
    /// <param name="job">Its name in addresses.</param>
    /// <exception cref="InputException">The job is there, but cannot be looked at: it has not ended well.</exception>
    Task<Func<AtlasSubject>?> FindAsync(string job);
}
