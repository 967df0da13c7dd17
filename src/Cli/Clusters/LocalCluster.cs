using System.Diagnostics;
using System.Security.Cryptography;
using Distributed.Client;
using Distributed.Engine;

namespace Distributed.Cli.Clusters;

/// <summary>Silos on this machine that form a cluster.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60), StopsWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    private readonly List<LocalSilo> _silos = [];

    private LocalCluster()
    {
    }

    /// <summary>The silos.</summary>
    public IReadOnlyList<LocalSilo> Silos => _silos;

    /// <summary>Starts silos and waits until every one of them sees all.</summary>
    /// <param name="wanted">What to start.</param>
    /// <param name="cancellation">Gives up; what was started is ended.</param>
    /// <exception cref="InputException">A port is taken, or a silo does not start.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterOptions wanted, CancellationToken cancellation)
    {
        var cluster = new LocalCluster();
        try
        {
            await cluster.StartSilosAsync(wanted, cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops every silo: jobs are left in a state that they can be taken up from.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (LocalSilo silo in _silos)
            silo.AskToStop();
        await Task.WhenAll(_silos.Select(silo => silo.EndAsync(StopsWithin)));
        foreach (LocalSilo silo in _silos)
            silo.Dispose();
    }

    private async Task StartSilosAsync(LocalClusterOptions wanted, CancellationToken cancellation)
    {
        Directory.CreateDirectory(wanted.DataFolder);
        string secret = RandomNumberGenerator.GetHexString(32), name = $"local-{RandomNumberGenerator.GetHexString(8)}";
        int primary = LocalSilo.FreePort();
        for (int i = 0; i < wanted.Silos; i++)
        {
            int http = wanted.FirstPort + i;
            if (!LocalSilo.IsFree(http))
                throw new InputException($"Port {http} is taken; give another first port with --port.");
            int silo = i == 0 ? primary : LocalSilo.FreePort();
            _silos.Add(LocalSilo.Start(http,
            [
                ("data", wanted.DataFolder), ("file-roots", wanted.FileRoots), ("secret", secret), ("silo-port", $"{silo}"), ("gateway-port", $"{LocalSilo.FreePort()}"),
                ("cluster", wanted.Postgres is null ? name : wanted.Name), ("threads", $"{wanted.Threads}"),
                wanted.Postgres is null ? ("primary-port", $"{primary}") : ("postgres", wanted.Postgres),
                .. wanted.Devices is { } devices ? [("device", devices[i])] : Array.Empty<(string, string)>(),
            ], wanted.Processors?[i]));
            if (i == wanted.Silos - 1 && wanted.LastSiloShare is { } share)
                _silos[i].LimitTo(share);
            // Without a database the first silo keeps the list of silos, so it must be there before the others.
            if (i == 0)
                await UntilSeenAsync(_silos[0], 1, cancellation);
        }
        foreach (LocalSilo silo in _silos)
            await UntilSeenAsync(silo, wanted.Silos, cancellation);
    }

    private static async Task UntilSeenAsync(LocalSilo silo, int count, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (!silo.IsAlive)
                throw new InputException($"Silo {silo.Process} ended while it was starting; it said: {silo.Said}");
            if (await SeesAsync(silo, cancellation) >= count)
                return;
            if (Stopwatch.GetElapsedTime(began) > StartsWithin)
                throw new InputException($"Silo {silo.Process} did not see {count} silos within {StartsWithin.TotalSeconds} s; it said: {silo.Said}");
            await Task.Delay(Moment, cancellation);
        }
    }

    private static async Task<int> SeesAsync(LocalSilo silo, CancellationToken cancellation)
    {
        using var probe = new HttpClient { BaseAddress = silo.Address };
        try
        {
            using HttpResponseMessage ready = await probe.GetAsync("health/ready", cancellation);
            if (!ready.IsSuccessStatusCode)
                return 0;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return 0;
        }
        using var client = new SiloClient(silo.Address);
        return (await client.GetClusterAsync(cancellation)).Active.Count;
    }
}

/// <summary>What cluster to start on this machine.</summary>
/// <param name="Silos">Silos.</param>
/// <param name="Threads">Compute threads of each.</param>
/// <param name="DataFolder">Folder for jobs and checkpoints; a cluster that is started on it again goes on with its jobs.</param>
/// <param name="FileRoots">Folders whose files jobs may use, with colons between.</param>
/// <param name="FirstPort">HTTP port of the first silo; the others have the ports behind it.</param>
/// <param name="Postgres">Connection string of the database with the membership; null = the first silo keeps it.</param>
/// <param name="Name">Name of the cluster in the database.</param>
internal sealed record LocalClusterOptions(
    int Silos, int Threads, string DataFolder, string FileRoots, int FirstPort, string? Postgres, string Name)
{
    /// <summary>The device of each silo; null = <c>auto</c> for all.</summary>
    public IReadOnlyList<string>? Devices { get; init; }

    /// <summary>The one processor of each silo; null = all processors for all.</summary>
    public IReadOnlyList<int>? Processors { get; init; }

    /// <summary>Share of a processor that the last silo gets at most; null = as much as it finds.</summary>
    public double? LastSiloShare { get; init; }
}
