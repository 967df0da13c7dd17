using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Distributed.Silo.Tests.Faults;

/// <summary>A real server in a process of its own, to be killed.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private ServerProcess(Process process, int port)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(60) };
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; }

    public Uri Address => Http.BaseAddress!;

    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    public static async Task<ServerProcess> StartAsync(string data, params (string Name, string Value)[] settings)
    {
        int port = FreePort();
        // artifacts/bin/Silo.Tests/debug beside artifacts/bin/Silo/debug
        string here = AppContext.BaseDirectory.TrimEnd('/');
        var start = new ProcessStartInfo(Path.Combine(here, "..", "..", "Silo", Path.GetFileName(here), "Distributed.Silo"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Compiled quickly rather than well: it lives for seconds.
        start.Environment["DOTNET_TC_QuickJit"] = "1";
        foreach ((string name, string value) in settings.Append(("data", data)).Append(("http-port", $"{port}")))
            start.Environment["ATTEND_SILO_" + name.ToUpperInvariant().Replace('-', '_')] = value;
        var server = new ServerProcess(Process.Start(start)!, port);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        Http.Dispose();
    }

    private async Task ReadyAsync()
    {
        DateTime late = DateTime.UtcNow + StartsWithin;
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await Http.GetAsync("health/ready");
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            Assert.False(_process.HasExited, $"The server ended before it was ready:\n{Said}");
            Assert.True(DateTime.UtcNow < late, $"The server was to be ready within {StartsWithin}; it said:\n{Said}");
            await Task.Delay(20);
        }
    }

    private void Note(string? line)
    {
        lock (_said)
            _said.AppendLine(line);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
