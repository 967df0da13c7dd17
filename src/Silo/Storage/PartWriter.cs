using System.Security.Cryptography;
using Distributed.Engine;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Storage;

/// <summary>Copies a request's body into a part, and hashes it: one buffer is written while the next one fills.</summary>
internal sealed class PartWriter
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Bytes after which what has come is made to last, so that a loss of the server costs no more than them.</summary>
    private const long SavesEvery = 256 << 20;

    private readonly SafeFileHandle _part;
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
        (_part, Offset, _end, _quota, _hashes, _save) = (part, offset, end, quota, hashes, save);
        _saved = offset;
    }

    /// <summary>The byte behind the last that is written.</summary>
    public long Offset { get; private set; }

    /// <summary>Copies to the body's end.</summary>
    /// <exception cref="InputException">The body is longer or shorter than it says.</exception>
    public async Task CopyAsync(Stream body, CancellationToken cancellation)
    {
        byte[] filling = new byte[BufferBytes], writing = new byte[BufferBytes];
        Task written = Task.CompletedTask;
        int filled = 0;
        try
        {
            for (int read; (read = await body.ReadAsync(filling.AsMemory(filled), cancellation).ConfigureAwait(false)) > 0;)
            {
                filled += read;
                if (filled < BufferBytes)
                    continue;
                await written.ConfigureAwait(false);
                (filling, writing, filled) = (writing, filling, 0);
                ReadOnlyMemory<byte> full = writing;
                written = Task.Run(() => Write(full.Span), CancellationToken.None);
            }
        }
        finally
        {
            // Also when the body breaks off: what has come is kept.
            await written.ConfigureAwait(false);
            if (filled > 0)
                Write(filling.AsSpan(0, filled));
        }
        if (_end is { } end && Offset != end)
            throw new InputException($"The body ends at byte {Offset} of the file; {end} is expected.");
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_end is { } end && Offset + bytes.Length > end)
            throw new InputException($"The body goes on behind byte {end} of the file, where it is to end.");
        if (_end is null)
            _quota.RequireRoomFor(bytes.Length);
        RandomAccess.Write(_part, bytes, Offset);
        foreach (IncrementalHash hash in _hashes)
            hash.AppendData(bytes);
        Offset += bytes.Length;
        // Not at its end: there would be nothing left to go on with.
        if (Offset - _saved >= SavesEvery && Offset != _end)
        {
            _save(Offset);
            _saved = Offset;
        }
    }
}
