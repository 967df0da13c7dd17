using Distributed.Grains.Placement;
using Distributed.Grains.Silos;

namespace Distributed.Grains.Hosting;

/// <summary>The silos of the cluster, as this one sees them.</summary>
/// <param name="membership">Orleans' view.</param>
public sealed class ClusterView(IClusterMembershipService membership)
{
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
        await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(cancellation).ConfigureAwait(false))
        {
            foreach (ClusterMember member in snapshot.Members.Values.Where(member => member.Status == SiloStatus.Dead))
                dead(NamedSilo.NameOf(member.SiloAddress));
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
