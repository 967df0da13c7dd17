namespace Distributed.Cluster.Tests;

/// <summary>A job as the HTTP endpoint shows it.</summary>
internal sealed record JobView(
    Guid Id, string State, string? Error, string? Phase, int Starts, double Done, double Seconds, long PairsSeen, int Blocks, int BlocksFinished,
    int AttemptsLost, double Redone, double Unsaved, int Coordinators, SiloView[] Silos)
{
    /// <summary>What it waits for, in words; null when it does not.</summary>
    public string? WaitsFor { get; init; }

    public bool Ended => State is not ("waiting" or "running");
}

/// <summary>A silo's part in a job, as the HTTP endpoint shows it.</summary>
internal sealed record SiloView(string Silo, bool Alive, int Running, int Finished, double Waiting, double LastFinished);
