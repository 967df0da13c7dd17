using System.Diagnostics;

namespace Distributed.Silo.Tests.Walks;

/// <summary>The command of this build.</summary>
internal static class AttendProgram
{
    /// <summary>How to start it, its output and errors taken, in a folder.</summary>
    public static ProcessStartInfo In(string folder, params string[] arguments)
    {
        // artifacts/bin/Silo.Tests/debug beside artifacts/bin/Cli/debug
        string here = AppContext.BaseDirectory.TrimEnd('/');
        return new ProcessStartInfo(Path.Combine(here, "..", "..", "Cli", Path.GetFileName(here), "attend"), arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
    }
}
