using System.Runtime.InteropServices;

namespace Distributed.Cli.Clusters;

/// <summary>Signals to other processes, which .NET has no call for.</summary>
internal static partial class Signals
{
    private const int Sigterm = 15;

    /// <summary>Asks a process to end. One that is gone already is none to ask.</summary>
    public static void Terminate(int process) => _ = Kill(process, Sigterm);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
