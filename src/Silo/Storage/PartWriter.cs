using System.Security.Cryptography;
using Distributed.Engine;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Storage;

/// <summary>Copies a request's body into a part, and hashes it: while one buffer fills, the one before is written and hashed, both at once.</summary>
internal sealed class PartWriter
{
    private const int BufferBytes = 2 << 20;

    /// <summary>Bytes after which what has come is made to last, so that a loss of the server costs no more than them.</summary>
    private const long SavesEvery = 256 << 20;

    private readonly UncachedFile _part;
    private readonly long? _end;
    private readonly Quota _quota;
    private readonly IReadOnlyList<IncrementalHash> _hashes;
    private readonly Action<long> _save;
    private long _saved;

    /// <summary>Begins.</summary>
    /// <param name="part">The part.</param>
    /// <param name="offset">Where the bytes go.</param>
    /// <param name="end">The byte behind the last; null = not known.</param>
    /// <param name="quota">Says whether there is room.</param>
    /// <param name="hashes">What hashes them.</param>
    /// <param name="save">Makes the bytes up to an offset last.</param>
    public PartWriter(
        SafeFileHandle part, long offset, long? end, Quota quota, IReadOnlyList<IncrementalHash> hashes, Action<long> save)
    {
        (_part, Offset, _end, _quota, _hashes, _save) = (new UncachedFile(part), offset, end, quota, hashes, save);
        _saved = offset;
    }

    /// <summary>The byte behind the last that is written.</summary>
    public long Offset { get; private set; }

    /// <summary>Copies to the body's end.</summary>
    /// <exception cref="InputException">The body is longer or shorter than it says.</exception>
    public async Task CopyAsync(Stream body, CancellationToken cancellation)
    {
        Memory<byte> filling = UncachedFile.Buffer(FirstBytes()), other = default;
        Task stored = Task.CompletedTask;
        int filled = 0;
        try
        {
            for (int read; (read = await body.ReadAsync(filling[filled..], cancellation).ConfigureAwait(false)) > 0;)
            {
                filled += read;
                if (filled < filling.Length)
                    continue;
                await stored.ConfigureAwait(false);
                Memory<byte> full = filling;
                stored = Task.Run(() => StoreAsync(full), CancellationToken.None);
                (filling, filled) = (other.IsEmpty ? UncachedFile.Buffer(BufferBytes) : other, 0);
                other = full.Length == BufferBytes ? full : default;
            }
        }
        finally
        {
            // Also when the body breaks off: what has come is kept.
            await stored.ConfigureAwait(false);
            if (filled > 0)
                Store(filling.Span[..filled]);
        }
        if (_end is { } end && Offset != end)
            throw new InputException($"The body ends at byte {Offset} of the file; {end} is expected.");
    }

    /// <summary>The first buffer ends on a page, so that those behind it can go past the cache; a short body needs no more than one byte above its length.</summary>
    private int FirstBytes()
    {
        int toPage = BufferBytes - (int)(Offset % UncachedFile.Alignment);
        return _end is { } end ? (int)Math.Min(toPage, end - Offset + 1) : toPage;
    }

    private void Store(ReadOnlySpan<byte> bytes)
    {
        RequireRoomFor(bytes.Length);
        _part.Write(bytes, Offset);
        Hash(bytes);
        Advance(bytes.Length);
    }

    private async Task StoreAsync(ReadOnlyMemory<byte> bytes)
    {
        RequireRoomFor(bytes.Length);
        // A thread of its own: it waits for the disk, and one of the pool would be missed by what receives.
        Task written = Task.Factory.StartNew(
            () => _part.Write(bytes.Span, Offset), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Hash(bytes.Span);
        await written.ConfigureAwait(false);
        Advance(bytes.Length);
    }

    private void RequireRoomFor(int bytes)
    {
        if (_end is { } end && Offset + bytes > end)
            throw new InputException($"The body goes on behind byte {end} of the file, where it is to end.");
        if (_end is null)
            _quota.RequireRoomFor(bytes);
    }

    private void Hash(ReadOnlySpan<byte> bytes)
    {
        foreach (IncrementalHash hash in _hashes)
            hash.AppendData(bytes);
    }

    private void Advance(int bytes)
    {
        Offset += bytes;
        // Not at its end: there would be nothing left to go on with.
        if (Offset - _saved >= SavesEvery && Offset != _end)
        {
            _save(Offset);
            _saved = Offset;
        }
    }
}
