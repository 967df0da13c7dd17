using System.Net;
using System.Net.Sockets;
using Distributed.Engine.Tiles;
using Distributed.Grains.Hosting;
using Distributed.Kernels.Memory;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Tiles;

/// <summary>Gives this process's tiles to other silos, over a TCP stream for each. A caller that does not read waits alone.</summary>
public sealed partial class TcpTileServer : IAsyncDisposable
{
    /// <summary>Answers that are being sent to others, from which on an owner names another that has the tile.</summary>
    internal const int Busy = 2;

    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(5);

    private readonly ITileShelf _shelf;
    private readonly byte[] _secret;
    private readonly SiloTls? _tls;
    private readonly ILogger _log;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _sending;

    /// <summary>Listens.</summary>
    /// <param name="at">Where; port 0 = any free one.</param>
    /// <param name="secret">The cluster's secret.</param>
    /// <param name="shelf">What to give.</param>
    /// <param name="log">Told of callers that are turned away.</param>
    /// <param name="tls">How streams are encrypted; null = not.</param>
    /// <exception cref="SocketException">The address cannot be listened at.</exception>
    public TcpTileServer(IPEndPoint at, byte[] secret, ITileShelf shelf, ILogger<TcpTileServer> log, SiloTls? tls = null)
    {
        ArgumentNullException.ThrowIfNull(at);
        (_secret, _shelf, _log, _tls) = (secret, shelf, log, tls);
        _listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(at);
            _listener.Listen();
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        Endpoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Endpoint { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new HashSet<Task>();
        try
        {
            while (true)
            {
                Socket caller = await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                serving.RemoveWhere(task => task.IsCompleted);
                serving.Add(Task.Run(() => ServeAsync(caller), CancellationToken.None));
            }
        }
        catch (Exception stop) when (stop is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            if (!_stopping.IsCancellationRequested)
                LogStopped(_log, stop);
        }
        await Task.WhenAll(serving).ConfigureAwait(false);
    }

    private async Task ServeAsync(Socket caller)
    {
        EndPoint? from = caller.RemoteEndPoint;
        caller.NoDelay = true;
        using var plain = new NetworkStream(caller, ownsSocket: true);
        Stream stream = plain;
        try
        {
            using (var late = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token))
            {
                late.CancelAfter(HandshakeTime);
                if (_tls is not null)
                    stream = await _tls.AnswerAsync(plain, late.Token).ConfigureAwait(false);
                await TileHandshake.AnswerAsync(stream, _secret, late.Token).ConfigureAwait(false);
            }
            using var buffer = new NativeBuffer(TileFrames.AnswerBytes + NativeBuffer.Alignment + TileLayout.PartBytes);
            await AnswerAsync(stream, buffer).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or InvalidDataException or OperationCanceledException)
        {
            // The end of a stream between requests is how callers hang up.
            if (error is not EndOfStreamException && !_stopping.IsCancellationRequested)
                LogBroken(_log, from, error.Message);
        }
    }

    private async Task AnswerAsync(Stream stream, NativeBuffer buffer)
    {
        // The header lies right before the part, and the part at an aligned address.
        Memory<byte> part = new NativeSlice(buffer, NativeBuffer.Alignment, TileLayout.PartBytes).Memory;
        Memory<byte> whole = new NativeSlice(
            buffer, NativeBuffer.Alignment - TileFrames.AnswerBytes, TileFrames.AnswerBytes + TileLayout.PartBytes).Memory;
        var request = new byte[TileFrames.RequestBytes];
        using var one = new SemaphoreSlim(1);
        var later = new HashSet<Task>();
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(request, _stopping.Token).ConfigureAwait(false);
                (TilePart wanted, TileAsk ask) = TileFrames.ReadRequest(request);
                Task comes = _shelf.ComesAsync(wanted, ask);
                later.RemoveWhere(task => task.IsCompleted);
                if (comes.IsCompleted)
                    await AnswerOneAsync(wanted, ask).ConfigureAwait(false);
                else
                    later.Add(WhenItHasComeAsync(comes, wanted, ask));
            }
        }
        finally
        {
            // A stream that cannot be written to cannot be read from either, and that is what is reported.
            await Task.WhenAll(later).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task WhenItHasComeAsync(Task comes, TilePart wanted, TileAsk ask)
        {
            await comes.ConfigureAwait(false);
            // Not on the thread that has just received the part: it has more to receive.
            await Task.Yield();
            await AnswerOneAsync(wanted, ask).ConfigureAwait(false);
        }

        async Task AnswerOneAsync(TilePart wanted, TileAsk ask)
        {
            await one.WaitAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                bool busy = Interlocked.Increment(ref _sending) > Busy;
                TileAnswer answer = _shelf.TryRead(wanted, ask, busy, part.Span);
                int length = Math.Max(answer.Length, 0);
                TileFrames.WriteAnswer(whole.Span, wanted, answer, part.Span[..length]);
                await stream.WriteAsync(whole[..(TileFrames.AnswerBytes + length)], _stopping.Token).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref _sending);
                one.Release();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A tile stream from {From} was ended: {Why}")]
    private static partial void LogBroken(ILogger log, EndPoint? from, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The tile server has stopped listening.")]
    private static partial void LogStopped(ILogger log, Exception why);
}
