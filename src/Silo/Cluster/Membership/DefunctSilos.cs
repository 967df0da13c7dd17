using System.Net;
using System.Net.Sockets;

namespace Distributed.Silo.Cluster.Membership;

/// <summary>
/// Declares the silos of a lost cluster dead before a new one joins. Orleans leaves that to the silos at work; when all
/// were lost, a new one would wait for the dead for minutes.
/// </summary>
internal static class DefunctSilos
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ConnectsWithin = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Goes through the silos that should be at work. One that takes connections is left alone; one that does not is
    /// declared dead when it has not said for <paramref name="silence"/> that it is alive.
    /// </summary>
    /// <param name="table">The membership.</param>
    /// <param name="self">Where this silo listens: its own predecessors are Orleans' to clean up.</param>
    /// <param name="silence">Several times the interval at which silos say that they are alive.</param>
    public static async Task DeclareDeadAsync(PostgresMembershipTable table, IPEndPoint self, TimeSpan silence)
    {
        while (true)
        {
            MembershipTableData data = await table.ReadAll();
            Tuple<MembershipEntry, string>[] others = [.. data.Members.Where(
                member => member.Item1.Status != SiloStatus.Dead && !member.Item1.SiloAddress.Endpoint.Equals(self))];
            bool[] answer = await Task.WhenAll(others.Select(member => AnswersAsync(member.Item1.SiloAddress.Endpoint)));
            Tuple<MembershipEntry, string>[] mute = [.. others.Where((_, i) => !answer[i])];
            if (mute.Length == 0)
                return;
            if (mute.FirstOrDefault(member => DateTime.UtcNow - LastSign(member.Item1) > silence) is { } dead)
            {
                dead.Item1.Status = SiloStatus.Dead;
                // If another silo was faster, the next round sees what it did.
                await table.UpdateRow(dead.Item1, dead.Item2, data.Version.Next());
                continue;
            }
            await Task.Delay(Interval);
        }
    }

    private static DateTime LastSign(MembershipEntry silo) =>
        silo.StartTime > silo.IAmAliveTime ? silo.StartTime : silo.IAmAliveTime;

    private static async Task<bool> AnswersAsync(IPEndPoint silo)
    {
        using var socket = new Socket(silo.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var late = new CancellationTokenSource(ConnectsWithin);
        try
        {
            await socket.ConnectAsync(silo, late.Token);
            return true;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
