using System.Runtime.InteropServices;

namespace Distributed.Cluster.Tests;

/// <summary>Signals to processes that these tests have started.</summary>
internal static partial class Processes
{
    public const int Terminate = 15;
    public const int Freeze = 19;
    public const int Wake = 18;

    public static void Signal(int process, int signal)
    {
        if (Kill(process, signal) != 0)
            throw new InvalidOperationException($"Signal {signal} to process {process} failed: error {Marshal.GetLastPInvokeError()}.");
    }

    public static bool IsRoot => UserId() == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint UserId();
}
