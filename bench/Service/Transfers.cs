using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Distributed.Service.Benchmarks;

/// <summary>Upload and download of a file, beside what the same disk and loopback give to a program that does nothing else.</summary>
internal static class Transfers
{
    private const int Rounds = 5, BufferBytes = 1 << 20;

    public static async Task RunAsync(BenchServer server)
    {
        byte[] file = BenchServer.Qkv(8, 80_000, 64);
        double megabytes = file.Length / 1e6;
        var (bare, up, sent, down) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (int round = 0; round < Rounds; round++)
        {
            // A new file each time, as an upload is: what is written over pages that the system has at hand is faster.
            string path = Path.Combine(server.Folder, $"bare-{round}");
            bare.Add(megabytes / await BareUploadAsync(path, file));
            long began = Stopwatch.GetTimestamp();
            await server.PutAsync($"v1/tensors/file-{round}", file);
            up.Add(megabytes / Stopwatch.GetElapsedTime(began).TotalSeconds);
            sent.Add(megabytes / await BareDownloadAsync(path));
            began = Stopwatch.GetTimestamp();
            using Stream stream = await server.Http.GetStreamAsync($"v1/tensors/file-{round}");
            await DrainAsync(stream);
            down.Add(megabytes / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        Console.WriteLine($"{megabytes:f0} MB, MB/s, best of {Rounds} in turn");
        Console.WriteLine($"loopback to a file, forced to disk  {bare.Max():f0}");
        Console.WriteLine($"upload                              {up.Max():f0}, {up.Max() / bare.Max():p0}");
        Console.WriteLine($"a file to loopback                  {sent.Max():f0}");
        Console.WriteLine($"download                            {down.Max():f0}, {down.Max() / sent.Max():p0}");
    }

    /// <summary>Seconds to send a file over a connection, write it, and force it to disk.</summary>
    private static async Task<double> BareUploadAsync(string path, byte[] content)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        long began = Stopwatch.GetTimestamp();
        Task sending = Task.Run(async () =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            await client.GetStream().WriteAsync(content);
        });
        using TcpClient receiver = await listener.AcceptTcpClientAsync();
        using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
        {
            var buffer = new byte[BufferBytes];
            for (int read; (read = await receiver.GetStream().ReadAsync(buffer)) > 0;)
                file.Write(buffer, 0, read);
            file.Flush(flushToDisk: true);
        }
        await sending;
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Seconds to read that file and send it over a connection.</summary>
    private static async Task<double> BareDownloadAsync(string path)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        long began = Stopwatch.GetTimestamp();
        Task sending = Task.Run(async () =>
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
            await file.CopyToAsync(client.GetStream(), BufferBytes);
        });
        using var receiver = new TcpClient();
        await receiver.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        await DrainAsync(receiver.GetStream());
        await sending;
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task DrainAsync(Stream stream)
    {
        var buffer = new byte[BufferBytes];
        while (await stream.ReadAsync(buffer) > 0)
        {
        }
    }
}
