using System.Collections.Concurrent;
using Distributed.Grains.Placement;
using Distributed.Grains.Silos;

namespace Distributed.Grains.Hosting;

/// <summary>The silos of the cluster, as this one sees them.</summary>
/// <param name="membership">Orleans' view.</param>
public sealed class ClusterView(IClusterMembershipService membership)
{
    private static readonly TimeSpan LostAreShownFor = TimeSpan.FromMinutes(10), AnswersWithin = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _lost = [];

    /// <summary>The silos at work.</summary>
    public IReadOnlyList<string> Active =>
        [.. from member in membership.CurrentSnapshot.Members.Values
            where member.Status == SiloStatus.Active
            orderby member.SiloAddress
            select NamedSilo.NameOf(member.SiloAddress)];

    /// <summary>Whether a silo may still be at work. One that is gone never comes back under its name.</summary>
    public bool MayLive(string silo) => membership.CurrentSnapshot.GetSiloStatus(SiloAddress.FromParsableString(silo))
        is SiloStatus.Active or SiloStatus.Joining or SiloStatus.ShuttingDown or SiloStatus.Stopping;

    /// <summary>Tells of each silo that is declared dead, until cancelled.</summary>
    public async Task FollowDeathsAsync(Action<string> dead, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(dead);
        var known = new HashSet<string>();
        bool first = true;
        await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(cancellation).ConfigureAwait(false))
        {
            foreach (ClusterMember member in snapshot.Members.Values.Where(member => member.Status == SiloStatus.Dead))
            {
                string name = NamedSilo.NameOf(member.SiloAddress);
                // Those that were dead before this silo looked are nobody's news.
                if (known.Add(name) && !first)
                    _lost[name] = DateTimeOffset.UtcNow;
                dead(name);
            }
            first = false;
        }
    }

    /// <summary>Every silo that is in the cluster, or was lost within the last minutes, with what it does.</summary>
    public async Task<IReadOnlyList<MemberLoad>> LookAsync(IGrainFactory grains)
    {
        ArgumentNullException.ThrowIfNull(grains);
        foreach ((string lost, DateTimeOffset when) in _lost)
        {
            if (DateTimeOffset.UtcNow - when > LostAreShownFor)
                _lost.TryRemove(lost, out _);
        }
        return await Task.WhenAll(
            from member in membership.CurrentSnapshot.Members.Values
            let name = NamedSilo.NameOf(member.SiloAddress)
            where member.Status is SiloStatus.Active or SiloStatus.Joining or SiloStatus.ShuttingDown or SiloStatus.Stopping
                || _lost.ContainsKey(name)
            orderby name
            select LookAsync(grains, name, member.Status));
    }

    private static async Task<MemberLoad> LookAsync(IGrainFactory grains, string name, SiloStatus status)
    {
        if (status != SiloStatus.Active)
            return new MemberLoad(name, status switch { SiloStatus.Dead => "dead", SiloStatus.Joining => "joining", _ => "leaving" }, null);
        try
        {
            return new MemberLoad(name, "active", await grains.GetGrain<ISiloGrain>(NamedSilo.Key(name, "silo")).GetLoadAsync().WaitAsync(AnswersWithin));
        }
        catch (Exception error) when (CallFailure.Is(error))
        {
            return new MemberLoad(name, "silent", null);
        }
    }

    /// <summary>What the silos at work can do; those that do not answer are left out.</summary>
    public async Task<IReadOnlyList<SiloInfo>> InfosAsync(IGrainFactory grains)
    {
        ArgumentNullException.ThrowIfNull(grains);
        var infos = new List<SiloInfo>();
        Task<SiloInfo>[] asked = [.. Active.Select(silo => grains.GetGrain<ISiloGrain>(NamedSilo.Key(silo, "silo")).GetInfoAsync())];
        foreach (Task<SiloInfo> info in asked)
        {
            try
            {
                infos.Add(await info.WaitAsync(TimeSpan.FromSeconds(5)));
            }
            catch (Exception error) when (CallFailure.Is(error))
            {
                // Its death will be declared, or it will answer the next time.
            }
        }
        return infos;
    }
}

/// <summary>A silo of the cluster and what it does.</summary>
/// <param name="Name">The silo.</param>
/// <param name="State"><c>active</c>, <c>silent</c> (it does not answer), <c>joining</c>, <c>leaving</c> or <c>dead</c>.</param>
/// <param name="Load">What it does; null when it cannot tell.</param>
public sealed record MemberLoad(string Name, string State, SiloLoad? Load);
