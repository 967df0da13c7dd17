using System.Diagnostics;
using System.Text;

namespace Distributed.Silo.Tests.Faults;

/// <summary>A real server in a process of its own, to be killed.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromMinutes(3) };

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
        // artifacts/bin/Silo.Tests/debug beside artifacts/bin/Silo/debug
        string here = AppContext.BaseDirectory.TrimEnd('/');
        var start = new ProcessStartInfo(Path.Combine(here, "..", "..", "Silo", Path.GetFileName(here), "Distributed.Silo"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Compiled quickly rather than well: it lives for seconds.
        start.Environment["DOTNET_TC_QuickJit"] = "1";
        foreach ((string name, string value) in settings.Append(("data", data)).Append(("http-port", "0")))
            start.Environment["ATTEND_SILO_" + name.ToUpperInvariant().Replace('-', '_')] = value;
        var server = new ServerProcess(Process.Start(start)!);
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

    /// <summary>Waits until it says where it listens: at a port that nobody else had.</summary>
    private async Task ReadyAsync()
    {
        const string Told = "attend silo on ";
        DateTime late = DateTime.UtcNow + StartsWithin;
        while (true)
        {
            string said = Said;
            if (said.IndexOf(Told, StringComparison.Ordinal) is >= 0 and var at && said.IndexOf(',', at) is > 0 and var end)
            {
                Http.BaseAddress ??= new Uri(said[(at + Told.Length)..end] + "/");
                using HttpResponseMessage answer = await Http.GetAsync("health/ready");
                if (answer.IsSuccessStatusCode)
                    return;
            }
            Assert.False(_process.HasExited, $"The server ended before it was ready:\n{said}");
            Assert.True(DateTime.UtcNow < late, $"The server was to be ready within {StartsWithin}; it said:\n{said}");
            await Task.Delay(20);
        }
    }

    private void Note(string? line)
    {
        lock (_said)
            _said.AppendLine(line);
    }
}
