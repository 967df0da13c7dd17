using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Http;

/// <summary>
/// Sends an open file: its bytes are read straight into the blocks that the connection sends from. The server's own way copies
/// them once more, in smaller pieces, and waits for each.
/// </summary>
/// <param name="server">What the server has for the response.</param>
/// <param name="file">The file, whatever its name has become.</param>
internal sealed class OpenFileBody(IHttpResponseBodyFeature server, SafeFileHandle file) : IHttpResponseBodyFeature
{
    /// <summary>Bytes that are read before the connection is told of them. More take fewer calls and changes of thread, and more memory.</summary>
    private const int FewBytes = 64 << 10, ManyBytes = 1 << 20;

    /// <summary>Files that are sent many bytes at once, at the same time: together they take 32 MiB.</summary>
    private const int MostAtSpeed = 32;

    /// <summary>Whoever takes bytes within this is sent more at once. One who is slow is soon found to have gone.</summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(250);

    private static int _sending;

    public Stream Stream => server.Stream;

    public PipeWriter Writer => server.Writer;

    public void DisableBuffering() => server.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => server.StartAsync(cancellationToken);

    public Task CompleteAsync() => server.CompleteAsync();

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        await server.StartAsync(cancellationToken);
        long end = offset + (count ?? RandomAccess.GetLength(file) - offset);
        int most = Interlocked.Increment(ref _sending) <= MostAtSpeed ? ManyBytes : FewBytes;
        try
        {
            for (int atOnce = FewBytes; offset < end;)
            {
                offset = Fill(offset, Math.Min(end, offset + atOnce));
                long began = Stopwatch.GetTimestamp();
                if ((await server.Writer.FlushAsync(cancellationToken)).IsCompleted)
                    return;
                atOnce = Stopwatch.GetElapsedTime(began) < Quick ? Math.Min(atOnce * 2, most) : FewBytes;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _sending);
        }
    }

    /// <returns>The byte behind the last that was read.</returns>
    private long Fill(long offset, long end)
    {
        while (offset < end)
        {
            Memory<byte> block = server.Writer.GetMemory();
            int read = RandomAccess.Read(file, block.Span[..(int)Math.Min(block.Length, end - offset)], offset);
            if (read == 0)
                throw new EndOfStreamException($"The file has {offset} bytes and was to have {end}.");
            server.Writer.Advance(read);
            offset += read;
        }
        return offset;
    }
}
