using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Distributed.Cluster.Tests.Network;

namespace Distributed.Cluster.Tests;

/// <summary>A real silo in a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private SiloProcess(Process process, int httpPort, NetworkPlace? place)
    {
        _process = process;
        Place = place;
        var handler = new SocketsHttpHandler();
        if (place is not null)
            handler.ConnectCallback = async (_, _) => await place.ConnectAsync(httpPort);
        Http = new HttpClient(handler) { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}/"), Timeout = TimeSpan.FromSeconds(15) };
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; }

    /// <summary>Where it is in a network of its own; null = on this machine's loopback interface.</summary>
    public NetworkPlace? Place { get; }

    public int Id => _process.Id;

    public bool Frozen { get; private set; }

    public bool Alive => !_process.HasExited;

    /// <summary>What it has printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public static SiloProcess Start(
        IEnumerable<(string Name, string Value)> settings, IEnumerable<(string Name, string Value)>? environment = null, NetworkPlace? place = null)
    {
        int http = FreePort();
        // "ip netns exec" becomes the silo: the process is the same.
        ProcessStartInfo start = place is null ? new(Executable) : new("ip", ["netns", "exec", place.Name, Executable]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach ((string name, string value) in settings.Append(("http-port", $"{http}")))
            start.Environment["ATTEND_SILO_" + name.ToUpperInvariant().Replace('-', '_')] = value;
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        return new SiloProcess(Process.Start(start)!, http, place);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public Task ReadyAsync() => Until.FoundAsync(
        async () =>
        {
            Assert.True(Alive, $"The silo ended before it was ready:\n{Output}");
            try
            {
                using HttpResponseMessage answer = await Http.GetAsync("health/ready");
                return answer.IsSuccessStatusCode ? "" : null;
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }, StartsWithin, () => $"the silo to be ready. It said:\n{Output}");

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Freeze()
    {
        Frozen = true;
        Processes.Signal(Id, Processes.Freeze);
    }

    public void Wake()
    {
        Processes.Signal(Id, Processes.Wake);
        Frozen = false;
    }

    /// <summary>Asks it to stop, and waits until it has.</summary>
    public async Task<int> StopAsync()
    {
        Processes.Signal(Id, Processes.Terminate);
        using var late = new CancellationTokenSource(StopsWithin);
        await _process.WaitForExitAsync(late.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (Alive)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Http.Dispose();
    }

    private static string Executable
    {
        get
        {
            // artifacts/bin/Cluster.Tests/debug beside artifacts/bin/Silo/debug
            string here = AppContext.BaseDirectory.TrimEnd('/');
            return Path.Combine(here, "..", "..", "Silo", Path.GetFileName(here), "Distributed.Silo");
        }
    }

    private void Note(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.AppendLine(line);
    }
}
