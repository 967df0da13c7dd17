using System.Diagnostics;
using System.Diagnostics.Metrics;
using Distributed.Engine.Tiles;

namespace Distributed.Engine.Telemetry;

/// <summary>What is counted of keys and values on their way between processes, and of those held here.</summary>
public static class TileMetrics
{
    private static readonly Meter Meter = new(EngineMetrics.MeterName);

    private static readonly KeyValuePair<string, object?>
        Neighbour = new("source", "neighbour"), Owner = new("source", "owner"), Store = new("source", "store"),
        Hit = new("result", "hit"), Miss = new("result", "miss");

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "attend.transfer.size", "By", "Keys and values brought here, by where they came from.");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "attend.transfer.duration", "s", "Time from asking for a part of a tile until it was here.",
        advice: EngineMetrics.Seconds(0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 30));

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "attend.transfer.retries", "{request}", "Requests that failed or were not answered in time, after which another follows.");

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "attend.tile.cache.requests", "{request}", "Tiles of other processes that blocks asked for, by whether they were here.");

    private static long _held;
    private static int _inFlight;

    static TileMetrics()
    {
        Meter.CreateObservableUpDownCounter(
            "attend.tile.cache.size", () => HeldBytes, "By", "Tiles of other processes held in memory.");
        Meter.CreateObservableUpDownCounter(
            "attend.transfer.active", () => InFlight, "{request}", "Parts of tiles asked for that have not come yet.");
    }

    /// <summary>Parts of tiles that this process has asked for and that have not come yet.</summary>
    public static int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Bytes of other processes' tiles held in memory.</summary>
    public static long HeldBytes => Interlocked.Read(ref _held);

    internal static void Publish()
    {
        foreach (KeyValuePair<string, object?> source in new[] { Neighbour, Owner, Store })
            Bytes.Add(0, source);
        Retries.Add(0);
        Requests.Add(0, Hit);
        Requests.Add(0, Miss);
    }

    internal static long Asks()
    {
        Interlocked.Increment(ref _inFlight);
        return Stopwatch.GetTimestamp();
    }

    internal static void Ended() => Interlocked.Decrement(ref _inFlight);

    internal static void Came(TileAsk from, int bytes, long asked)
    {
        KeyValuePair<string, object?> source = from.Role == TileRole.Neighbour ? Neighbour : Owner;
        Bytes.Add(bytes, source);
        Duration.Record(Stopwatch.GetElapsedTime(asked).TotalSeconds, source);
    }

    internal static void Read(int bytes) => Bytes.Add(bytes, Store);

    internal static void Retried() => Retries.Add(1);

    internal static void Requested(bool wasHere) => Requests.Add(1, wasHere ? Hit : Miss);

    internal static void Holds(long more) => Interlocked.Add(ref _held, more);
}
