using System.Diagnostics;
using Distributed.Cluster.Tests.Network;

namespace Distributed.Cluster.Tests;

/// <summary>A PostgreSQL server of its own for a test, from the system's packages.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Unprivileged = "nobody";
    private readonly string _folder;
    private readonly string _programs;
    private readonly int _port = SiloProcess.FreePort();
    private readonly string _addresses;

    private PostgresServer(string programs, TestNetwork? network)
    {
        _programs = programs;
        _addresses = network is null ? "127.0.0.1" : $"127.0.0.1,{network.Gateway}";
        _folder = Directory.CreateTempSubdirectory("postgres").FullName;
        File.WriteAllText(Path.Combine(_folder, "said"), "");
        // The server refuses to run as root.
        if (Processes.IsRoot)
            Run("chown", "-R", Unprivileged, _folder);
        RunAsUser("initdb", "-D", Path.Combine(_folder, "data"), "-U", "attend", "-A", "trust", "--no-sync");
        if (network is not null)
            File.AppendAllText(Path.Combine(_folder, "data", "pg_hba.conf"), $"host all all {network.Gateway}/24 trust\n");
        Start();
        RunAsUser("createdb", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "attend", "attend");
    }

    public string Connection => ConnectionAt("127.0.0.1");

    public string ConnectionAt(string address) => $"Host={address};Port={_port};Username=attend;Database=attend;Timeout=3;Command Timeout=3";

    /// <summary>Starts a server; leaves the test out where PostgreSQL is not installed.</summary>
    public static PostgresServer StartOrSkip(TestNetwork? network = null)
    {
        string? programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order().Select(version => Path.Combine(version, "bin"))
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
        Assert.SkipWhen(programs is null, "PostgreSQL is not installed (Debian: apt install postgresql); tests of clusters without a first silo are left out.");
        return new PostgresServer(programs!, network);
    }

    public void Start() => RunAsUser(
        "pg_ctl", "-D", Path.Combine(_folder, "data"), "-w", "-l", Path.Combine(_folder, "log"), "-o",
        $"-p {_port} -c listen_addresses={_addresses} -c unix_socket_directories={_folder} -c fsync=off", "start");

    public void Stop() => RunAsUser("pg_ctl", "-D", Path.Combine(_folder, "data"), "-w", "-m", "immediate", "stop");

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private void RunAsUser(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        if (Processes.IsRoot)
            Run("setpriv", ["--reuid", Unprivileged, "--regid", "nogroup", "--clear-groups", path, .. arguments]);
        else
            Run(path, arguments);
    }

    private void Run(string program, params string[] arguments)
    {
        // No redirection: the server would hold the pipe open behind pg_ctl.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _folder };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec \"$@\" >>\"$OUT\" 2>&1 </dev/null");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(program);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        string said = Path.Combine(_folder, "said");
        start.Environment["OUT"] = said;
        start.Environment["HOME"] = _folder;
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}:\n{File.ReadAllText(said)}");
    }
}
