using Orleans.Concurrency;

namespace Distributed.Grains.Analytics;

/// <summary>A part of a job's second pass on the silo that its key names (<see cref="Placement.NamedSilo"/>).</summary>
[Alias("distributed.part")]
public interface IPartGrain : IGrainWithStringKey
{
    /// <summary>Begins the part. Again does nothing while it is under way, also for a later coordinator.</summary>
    [AlwaysInterleave]
    Task StartAsync(PartAssignment assignment);

    /// <summary>How far it is, at once when it has ended, else after a moment.</summary>
    [AlwaysInterleave]
    Task<PartStatus> WatchAsync();

    /// <summary>Forgets a part that has ended.</summary>
    [AlwaysInterleave]
    Task ForgetAsync();
}
