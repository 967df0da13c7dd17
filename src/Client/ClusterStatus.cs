namespace Distributed.Client;

/// <summary>The silos of a cluster, as one of them sees it.</summary>
/// <param name="Self">The silo that was asked.</param>
/// <param name="Active">Names of the silos that are in the cluster.</param>
public sealed record ClusterStatus(string Self, IReadOnlyList<string> Active);
