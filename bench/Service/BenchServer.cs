using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Distributed.Service.Benchmarks;

/// <summary>A server of its own, with a data folder of its own on the disk of the folder for temporary files.</summary>
internal sealed class BenchServer : IDisposable
{
    private readonly string _program;
    private Process _process;

    private BenchServer(string program, int port, string folder)
    {
        (_program, Port, Folder) = (program, port, folder);
        _process = Start();
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromMinutes(4) };
    }

    public HttpClient Http { get; }

    public int Port { get; }

    public int Id => _process.Id;

    public string Folder { get; }

    private string Data => Path.Combine(Folder, "data");

    public static async Task<BenchServer> StartAsync(string program)
    {
        string folder = Directory.CreateTempSubdirectory("service-").FullName;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var server = new BenchServer(program, port, folder);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>Stops the server, changes its data folder, and starts it again.</summary>
    public async Task RestartAsync(Action<string> change)
    {
        Stop();
        change(Data);
        _process = Start();
        await ReadyAsync();
    }

    public async Task PutAsync(string path, byte[] content) => (await Http.PutAsync(path, new ByteArrayContent(content))).EnsureSuccessStatusCode();

    public async Task<Guid> SubmitAsync(string specification)
    {
        using HttpResponseMessage answer = await Http.PostAsync("v1/jobs", new StringContent(specification, Encoding.UTF8, "application/json"));
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetGuid();
    }

    public async Task<double> SecondsOfAsync(Guid job)
    {
        while (true)
        {
            JsonElement now = JsonDocument.Parse(await Http.GetStringAsync($"v1/jobs/{job}")).RootElement;
            if (now.GetProperty("state").GetString() == "finished")
                return (now.GetProperty("ended").GetDateTimeOffset() - now.GetProperty("started").GetDateTimeOffset()).TotalSeconds;
            await Task.Delay(50);
        }
    }

    /// <summary>Where the server has the bytes of a stored tensor file.</summary>
    public string ContentOf(string name)
    {
        using JsonDocument record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Data, "tensors", "names", $"{name}.json")));
        return Path.Combine(Data, "tensors", "contents", record.RootElement.GetProperty("Content").GetString()!);
    }

    /// <summary>q, k and v of one batch entry.</summary>
    public static byte[] Qkv(int heads, int rows, int dim)
    {
        long bytes = (long)heads * rows * dim * sizeof(float);
        byte[] header = Encoding.UTF8.GetBytes(JsonSerializer.Serialize("qkv".Index().ToDictionary(
            part => part.Item.ToString(),
            part => new { dtype = "F32", shape = new[] { 1, heads, rows, dim }, data_offsets = new[] { part.Index * bytes, (part.Index + 1) * bytes } })));
        var random = new Random(1);
        var numbers = new float[3 * heads * rows * dim];
        foreach (ref float number in numbers.AsSpan())
            number = (float)(random.NextDouble() * 4 - 2);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. MemoryMarshal.AsBytes(numbers.AsSpan())];
    }

    public void Dispose()
    {
        Stop();
        Http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(_program, ["--data", Data, "--http-port", $"{Port}"]) { RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        return process;
    }

    private void Stop()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task ReadyAsync()
    {
        while (true)
        {
            try
            {
                if ((await Http.GetAsync("health/ready")).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20);
            }
        }
    }
}
