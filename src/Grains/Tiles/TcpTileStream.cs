using System.Net;
using System.Net.Sockets;
using Distributed.Engine.Tiles;
using Distributed.Grains.Hosting;

namespace Distributed.Grains.Tiles;

/// <summary>One stream to a tile server, with several requests under way.</summary>
#pragma warning disable CA1001 // Break ends the stream; a semaphore holds nothing to release until its wait handle is used.
internal sealed class TcpTileStream : ITileConnection
#pragma warning restore CA1001
{
    private readonly Stream _stream;
    private readonly PendingParts _pending = new();
    private readonly SemaphoreSlim _sending = new(1);
    private volatile bool _broken;

    private TcpTileStream(Stream stream)
    {
        _stream = stream;
        _ = Task.Run(ReceiveAsync);
    }

    /// <inheritdoc/>
    public bool Broken => _broken;

    /// <summary>Connects and proves who it is.</summary>
    /// <exception cref="IOException">There is no tile server of this cluster.</exception>
    public static async Task<TcpTileStream> ConnectAsync(IPEndPoint endpoint, byte[] secret, SiloTls? tls, CancellationToken cancellation)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellation).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
                stream = await tls.CallAsync(stream, cancellation).ConfigureAwait(false);
            await TileHandshake.CallAsync(stream, secret, cancellation).ConfigureAwait(false);
            return new TcpTileStream(stream);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new IOException($"No tile server answers at {endpoint}: {error.Message}", error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<TileAnswer> FetchAsync(TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation)
    {
        PendingParts.Request request = _pending.Enter(part, destination);
        using CancellationTokenRegistration _ = cancellation.Register(() =>
        {
            if (_pending.Withdraw(request))
                request.Cancel(cancellation);
            else
                Break(new IOException($"{part} did not come in time.")); // It is being received: only so it ends.
        });
        try
        {
            var frame = new byte[TileFrames.RequestBytes];
            TileFrames.WriteRequest(frame, part, ask);
            await _sending.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                await _stream.WriteAsync(frame, cancellation).ConfigureAwait(false);
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Half a request may be on its way, so nothing more can be.
            Break(new IOException($"{part} could not be asked for: {error.Message}", error));
        }
        return await request.Answer.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Break(IOException why)
    {
        _broken = true;
        _stream.Dispose();
        _pending.Break(why);
    }

    private async Task ReceiveAsync()
    {
        var header = new byte[TileFrames.AnswerBytes];
        var unasked = new byte[TileLayout.PartBytes];
        PendingParts.Request? request = null;
        try
        {
            while (true)
            {
                request = null;
                await _stream.ReadExactlyAsync(header).ConfigureAwait(false);
                (TilePart part, TileAnswer answer) = TileFrames.ReadAnswer(header);
                if (_pending.TryTake(part, out request) && answer.Has && answer.Length != request.Destination.Length)
                    throw new InvalidDataException($"{part} came with {answer.Length} bytes; {request.Destination.Length} are expected.");
                Memory<byte> to = request is null || !answer.Has ? unasked.AsMemory(0, Math.Max(answer.Length, 0)) : request.Destination;
                await _stream.ReadExactlyAsync(to).ConfigureAwait(false);
                if (!TileFrames.IsWhole(header, to.Span))
                    throw new InvalidDataException($"{part} came damaged.");
                request?.End(answer);
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException)
        {
            var why = new IOException($"A tile stream broke: {error.Message}", error);
            Break(why);
            request?.Fail(why);
        }
    }
}
