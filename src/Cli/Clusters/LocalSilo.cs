using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Distributed.Engine;

namespace Distributed.Cli.Clusters;

/// <summary>A silo in a process of its own on this machine.</summary>
internal sealed class LocalSilo : IDisposable
{
    private const int LinesKept = 20;

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private CpuLimit? _limit;

    private LocalSilo(Process process, int httpPort)
    {
        _process = process;
        Address = new Uri($"http://127.0.0.1:{httpPort}/");
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its HTTP endpoint.</summary>
    public Uri Address { get; }

    /// <summary>Its process.</summary>
    public int Process => _process.Id;

    /// <summary>Whether it runs.</summary>
    public bool IsAlive => !_process.HasExited;

    /// <summary>The last lines it printed.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return string.Join('\n', _said);
        }
    }

    /// <summary>Starts one.</summary>
    /// <param name="httpPort">Port of its HTTP endpoint.</param>
    /// <param name="settings">Its settings, by the names of its command line. They go through the environment, for others to read nothing.</param>
    /// <param name="processor">The one processor that it may use; null = all.</param>
    public static LocalSilo Start(int httpPort, IEnumerable<(string Name, string Value)> settings, int? processor = null)
    {
        string program = SiloProgram.FindForCluster();
        // taskset becomes the silo: the process is the same.
        ProcessStartInfo start = processor is { } one ? new("taskset", ["-c", $"{one}", program]) : new(program);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach ((string name, string value) in settings.Append(("http-port", $"{httpPort}")))
            start.Environment["ATTEND_SILO_" + name.ToUpperInvariant().Replace('-', '_')] = value;
        return new LocalSilo(System.Diagnostics.Process.Start(start)!, httpPort);
    }

    /// <summary>Gives it no more than a share of a processor from now on.</summary>
    /// <exception cref="InputException">That is not possible here.</exception>
    public void LimitTo(double share) => _limit = CpuLimit.Of(_process.Id, share);

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Whether a port is free now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Asks it to stop in good order.</summary>
    public void AskToStop()
    {
        if (IsAlive)
            Signals.Terminate(_process.Id);
    }

    /// <summary>Waits for its end; one that has not ended by then is killed.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public void Dispose()
    {
        if (IsAlive)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _limit?.Dispose();
        _process.Dispose();
    }

    private void Note(string? line)
    {
        if (line is null)
            return;
        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > LinesKept)
                _said.Dequeue();
        }
    }
}
