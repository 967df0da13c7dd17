namespace Distributed.Cli;

/// <summary>What the process's exit code says.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Something failed that was not the input's fault: the disk, memory, a defect.</summary>
    public const int Failed = 1;

    /// <summary>The input or an option cannot be used; one sentence on stderr says why.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Cancelled = 130;
}
