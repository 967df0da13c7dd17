using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Distributed.Silo.Storage;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Service.Benchmarks;

/// <summary>
/// Upload and download of a file, beside what the same disk and loopback give to a program that does nothing else: no HTTP,
/// no checksum. An upload is compared with the faster of two such programs, through the system's page cache and past it; a
/// download with one that reads a file that was stored in the same way, and as long ago.
/// </summary>
internal static class Transfers
{
    private const int Rounds = 5, BufferBytes = 2 << 20;

    public static async Task RunAsync(BenchServer server)
    {
        byte[] file = BenchServer.Qkv(8, 80_000, 64);
        double megabytes = file.Length / 1e6;
        var (cached, direct, up) = (new List<double>(), new List<double>(), new List<double>());
        var (first, firstDown, cold, coldDown) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var (warm, warmDown) = (new List<double>(), new List<double>());
        await server.PutAsync("v1/tensors/first", file);
        for (int round = 0; round < Rounds; round++)
        {
            // A new file each time, as an upload is: what is written over pages that the system has at hand is faster.
            string path = Path.Combine(server.Folder, $"bare-{round}");
            cached.Add(megabytes / await BareUploadAsync(path, file, WriteAsync));
            direct.Add(megabytes / await BareUploadAsync(path + "-past", file, WritePastCacheAsync));
            string[] names = [$"file-{round}", $"other-{round}"];
            foreach (string name in names)
                up.Add(megabytes / await TimeAsync(() => server.PutAsync($"v1/tensors/{name}", file)));
            // The first time that a file is read, a virtual disk may have to fetch it from afar.
            await DownAsync(first, firstDown, names);
            await DownAsync(cold, coldDown, names);
            await DownAsync(warm, warmDown, names, fromDisk: false);

            async Task DownAsync(List<double> bare, List<double> down, string[] of, bool fromDisk = true)
            {
                if (fromDisk)
                    PageCache.Drop(server.Folder);
                // Each is the first in turn.
                if (round % 2 == 0)
                    down.Add(megabytes / await TimeAsync(() => DownloadAsync(server, $"v1/tensors/{of[1]}")));
                bare.Add(megabytes / await BareDownloadAsync(server.ContentOf(of[0])));
                if (round % 2 != 0)
                    down.Add(megabytes / await TimeAsync(() => DownloadAsync(server, $"v1/tensors/{of[1]}")));
            }
        }
        Console.WriteLine($"{megabytes:f0} MB, MB/s, median and best of {Rounds} in turn");
        Tell("loopback to a file, forced to disk", cached, null);
        Tell("the same past the page cache", direct, null);
        Tell("upload", up, [cached, direct]);
        Tell("a file to loopback, its first reading", first, null);
        Tell("download, its first reading", firstDown, [first]);
        Tell("a file to loopback, from the disk", cold, null);
        Tell("download, from the disk", coldDown, [cold]);
        Tell("a file to loopback, from the page cache", warm, null);
        Tell("download, from the page cache", warmDown, [warm]);
    }

    private static void Tell(string what, List<double> speeds, List<double>[]? bare)
    {
        string shares = bare is null ? "" : $"   {Median(speeds) / bare.Max(Median):p0}, best {speeds.Max() / bare.Max(of => of.Max()):p0}";
        Console.WriteLine($"{what,-40} {Median(speeds),6:f0} {speeds.Max(),6:f0}{shares}");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<double> TimeAsync(Func<Task> what)
    {
        long began = Stopwatch.GetTimestamp();
        await what();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task DownloadAsync(BenchServer server, string url)
    {
        using Stream stream = await server.Http.GetStreamAsync(url);
        await DrainAsync(stream);
    }

    /// <summary>Seconds to send a file over a connection, write it, and force it to disk.</summary>
    private static async Task<double> BareUploadAsync(string path, byte[] content, Func<NetworkStream, SafeFileHandle, Task> write)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return await TimeAsync(async () =>
        {
            Task sending = Task.Run(async () =>
            {
                using var client = new TcpClient();
                await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
                await client.GetStream().WriteAsync(content);
            });
            using TcpClient receiver = await listener.AcceptTcpClientAsync();
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                await write(receiver.GetStream(), file);
                RandomAccess.FlushToDisk(file);
            }
            await sending;
        });
    }

    private static async Task WriteAsync(NetworkStream from, SafeFileHandle file)
    {
        var buffer = new byte[BufferBytes];
        long offset = 0;
        for (int read; (read = await from.ReadAsync(buffer)) > 0; offset += read)
            RandomAccess.Write(file, buffer.AsSpan(0, read), offset);
    }

    /// <summary>One buffer is written while the next one fills.</summary>
    private static async Task WritePastCacheAsync(NetworkStream from, SafeFileHandle file)
    {
        var to = new UncachedFile(file);
        Memory<byte> filling = UncachedFile.Buffer(BufferBytes), writing = UncachedFile.Buffer(BufferBytes);
        Task written = Task.CompletedTask;
        for (long offset = 0; await from.ReadAtLeastAsync(filling, BufferBytes, throwOnEndOfStream: false) is > 0 and var filled; offset += filled)
        {
            await written;
            (filling, writing) = (writing, filling);
            ReadOnlyMemory<byte> full = writing[..filled];
            long at = offset;
            written = Task.Run(() => to.Write(full.Span, at));
        }
        await written;
    }

    /// <summary>Seconds to read that file and send it over a connection.</summary>
    private static async Task<double> BareDownloadAsync(string path)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return await TimeAsync(async () =>
        {
            Task sending = Task.Run(async () =>
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
                await file.CopyToAsync(client.GetStream(), 1 << 20);
            });
            using var receiver = new TcpClient();
            await receiver.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            await DrainAsync(receiver.GetStream());
            await sending;
        });
    }

    private static async Task DrainAsync(Stream stream)
    {
        var buffer = new byte[1 << 20];
        while (await stream.ReadAsync(buffer) > 0)
        {
        }
    }
}
