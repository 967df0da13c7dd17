using System.Collections.Concurrent;

namespace Distributed.Silo.Tests.Faults;

/// <summary>What a server has acknowledged, and what it was asked for without an answer: what must be true of it after a kill.</summary>
internal sealed class KillLedger
{
    /// <summary>By name, the digests that a stored file may have; null among them = it may be missing.</summary>
    public ConcurrentDictionary<string, HashSet<string?>> Files { get; } = [];

    /// <summary>By job, what it was accepted as.</summary>
    public ConcurrentDictionary<Guid, AcceptedJob> Jobs { get; } = [];

    /// <summary>By idempotency key, the specifications of submissions that were not answered.</summary>
    public ConcurrentDictionary<string, string> Unanswered { get; } = [];

    /// <summary>A file is about to get, or lose (null), its bytes: either may be true until the answer comes.</summary>
    public void Begin(string name, string? digest)
    {
        HashSet<string?> may = Files.GetOrAdd(name, _ => [null]);
        lock (may)
            may.Add(digest);
    }

    /// <summary>The answer has come: only that is true.</summary>
    public void End(string name, string? digest)
    {
        HashSet<string?> may = Files[name];
        lock (may)
        {
            may.Clear();
            may.Add(digest);
        }
    }
}

/// <summary>A job that was accepted.</summary>
internal sealed class AcceptedJob
{
    /// <summary>When, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> tells it.</summary>
    public long Accepted { get; } = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>It is over a text.</summary>
    public bool IsOverText { get; init; }

    /// <summary>A cancellation was asked for, whether or not it was answered.</summary>
    public bool MayBeCancelled { get; set; }

    /// <summary>A cancellation was acknowledged.</summary>
    public bool CancelAcknowledged { get; set; }

    /// <summary>Its removal was asked for, or its time was over.</summary>
    public bool MayBeGone { get; set; }

    /// <summary>Its removal was acknowledged.</summary>
    public bool Gone { get; set; }

    /// <summary>It was seen to have ended.</summary>
    public bool HasEnded { get; set; }
}
