namespace Distributed.Silo.Hosting;

/// <summary>The silos, as this one sees them.</summary>
public interface ISiloStatus
{
    /// <summary>Looks.</summary>
    Task<ClusterView> LookAsync();
}

/// <summary>The silos, as one of them sees them.</summary>
/// <param name="Self">The one that was asked.</param>
/// <param name="Active">Names of those at work.</param>
/// <param name="Silos">What they can do.</param>
public sealed record ClusterView(string Self, IReadOnlyList<string> Active, IReadOnlyList<SiloView> Silos);

/// <summary>What a silo can do.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="BlocksAtOnce">Blocks it computes at a time.</param>
/// <param name="Speed">Measured (query, key) pairs a second, of heads of 64 elements; null = not measured.</param>
public sealed record SiloView(string Name, int Threads, int BlocksAtOnce, double? Speed);
