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
    private readonly Process _process;

    private BenchServer(Process process, int port, string folder)
    {
        (_process, Port, Folder) = (process, port, folder);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromMinutes(4) };
    }

    public HttpClient Http { get; }

    public int Port { get; }

    public string Folder { get; }

    public static async Task<BenchServer> StartAsync(string program)
    {
        string folder = Directory.CreateTempSubdirectory("service-").FullName;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var start = new ProcessStartInfo(program, ["--data", Path.Combine(folder, "data"), "--http-port", $"{port}"]) { RedirectStandardOutput = true };
        var server = new BenchServer(Process.Start(start)!, port, folder);
        _ = server._process.StandardOutput.ReadToEndAsync();
        while (true)
        {
            try
            {
                if ((await server.Http.GetAsync("health/ready")).IsSuccessStatusCode)
                    return server;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20);
            }
        }
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
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
