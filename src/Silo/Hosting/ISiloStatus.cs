using Distributed.Engine.Telemetry;

namespace Distributed.Silo.Hosting;

/// <summary>The silos, as this one sees them.</summary>
public interface ISiloStatus
{
    /// <summary>Looks.</summary>
    Task<ClusterView> LookAsync();
}

/// <summary>The silos, as one of them sees them.</summary>
/// <param name="Self">The one that was asked.</param>
/// <param name="Clustered">Whether it has joined a cluster; otherwise it is all there is.</param>
/// <param name="Active">Names of those at work.</param>
/// <param name="Silos">All of them, those among them that were lost within the last minutes.</param>
public sealed record ClusterView(string Self, bool Clustered, IReadOnlyList<string> Active, IReadOnlyList<SiloView> Silos);

/// <summary>A silo.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State"><c>active</c>, <c>silent</c> (it does not answer), <c>joining</c>, <c>leaving</c> or <c>dead</c>.</param>
/// <param name="Threads">Compute threads; 0 while it does not tell.</param>
/// <param name="BlocksAtOnce">Blocks it computes at a time; 0 while it does not tell.</param>
/// <param name="Blocks">Blocks it computes now.</param>
/// <param name="Jobs">Jobs it takes part in.</param>
/// <param name="Speed">Measured (query, key) pairs a second, of heads of 64 elements; null = not measured.</param>
/// <param name="Engine">Its compute threads, their rate, its memory; null while it does not tell.</param>
public sealed record SiloView(
    string Name, string State, int Threads, int BlocksAtOnce, int Blocks, int Jobs, double? Speed, EngineStatus? Engine);
