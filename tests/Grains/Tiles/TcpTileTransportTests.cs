using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Distributed.Engine.Tiles;
using Distributed.Grains.Tiles;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distributed.Grains.Tests.Tiles;

public sealed class TcpTileTransportTests : IAsyncDisposable
{
    private static readonly byte[] Secret = "a secret of the cluster"u8.ToArray();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Shelf _shelf = new();
    private readonly TcpTileServer _server;
    private readonly TcpTileTransport _transport = new(Secret);
    private readonly TilePart _part = new(Guid.NewGuid(), 3, 5, 7);

    public TcpTileTransportTests() => _server = Listen(_shelf);

    private TilePeer Peer => new("silo", _server.Endpoint.ToString());

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Parts_arrive_whole_each_at_its_own_place()
    {
        _shelf.Length = part => TileLayout.PartBytes - part.Index * 17_000;
        byte[][] parts = [.. Enumerable.Range(0, 60).Select(i => new byte[TileLayout.PartBytes - i * 17_000])];
        Task<TileAnswer>[] fetches = [.. parts.Select((part, i) => _transport.FetchAsync(
            Peer, _part with { Index = i }, TileAsk.Owner, part, CancellationToken.None).AsTask())];

        Assert.All(await Task.WhenAll(fetches).WaitAsync(Patience), answer => Assert.True(answer.Has));
        for (int i = 0; i < parts.Length; i++)
            Assert.True(parts[i].AsSpan().SequenceEqual(Shelf.Content(_part with { Index = i }, parts[i].Length)), $"Part {i} has other bytes.");
    }

    [Fact]
    public async Task A_part_that_the_peer_has_not_got_is_said_not_to_be_there()
    {
        _shelf.Has = (_, ask) => ask == TileAsk.Owner;
        var to = new byte[10];

        Assert.False(await FetchAsync(to, TileAsk.Neighbour));
        Assert.True(await FetchAsync(to, TileAsk.Owner));
    }

    [Fact]
    public async Task Who_waits_for_what_is_coming_keeps_no_other_waiting()
    {
        var coming = new TaskCompletionSource();
        _shelf.Comes = part => part.Index == 1 ? coming.Task : Task.CompletedTask;
        (byte[] late, byte[] soon) = (new byte[10], new byte[10]);
        Task<TileAnswer> waits = _transport.FetchAsync(
            Peer, _part with { Index = 1 }, new TileAsk(TileRole.Neighbour, 4), late, CancellationToken.None).AsTask();

        Assert.True(await _transport.FetchAsync(Peer, _part, TileAsk.Owner, soon, CancellationToken.None).AsTask().WaitAsync(Patience) is { Has: true });
        Assert.False(waits.IsCompleted);
        coming.SetResult();

        Assert.True((await waits.WaitAsync(Patience)).Has);
        Assert.Equal(Shelf.Content(_part with { Index = 1 }, 10), late);
        Assert.Equal(Shelf.Content(_part, 10), soon);
        Assert.Contains(new TileAsk(TileRole.Neighbour, 4), _shelf.Asks);
    }

    [Fact]
    public async Task An_owner_that_names_another_is_understood()
    {
        (_shelf.Has, _shelf.Elsewhere) = ((_, ask) => ask.Role == TileRole.OwnerAgain, 4711);

        Assert.Equal(TileAnswer.RefersTo(4711), await AskAsync(TileRole.Owner));
        Assert.Equal(TileAnswer.Gives(10), await AskAsync(TileRole.OwnerAgain));

        Task<TileAnswer> AskAsync(TileRole role) =>
            _transport.FetchAsync(Peer, _part, new TileAsk(role, 3), new byte[10], CancellationToken.None).AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_silo_with_another_secret_gets_nothing()
    {
        await using var stranger = new TcpTileTransport("another secret"u8.ToArray());

        await Assert.ThrowsAnyAsync<IOException>(
            () => stranger.FetchAsync(Peer, _part, TileAsk.Owner, new byte[10], CancellationToken.None).AsTask().WaitAsync(Patience));
        Assert.Equal(0, _shelf.Reads);
    }

    [Fact]
    public async Task A_caller_that_shows_a_made_up_proof_gets_nothing()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Endpoint);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync((byte[])[.. "ATTNTIL2"u8, .. new byte[32]]);
        await stream.ReadExactlyAsync(new byte[64]);
        await stream.WriteAsync(new byte[32 + TileFrames.RequestBytes]);

        using var late = new CancellationTokenSource(Patience);
        int answer;
        try
        {
            answer = await stream.ReadAsync(new byte[1], late.Token);
        }
        catch (IOException)
        {
            answer = 0;
        }
        Assert.Equal(0, answer);
        Assert.Equal(0, _shelf.Reads);
    }

    [Fact]
    public async Task A_cut_stream_is_built_anew()
    {
        var to = new byte[10];
        Assert.True(await FetchAsync(to, TileAsk.Owner));
        _transport.Break("silo");

        Assert.True(await FetchAsync(to, TileAsk.Owner));
    }

    [Fact]
    public async Task What_is_under_way_from_a_silo_that_dies_ends_at_once_and_later_requests_too()
    {
        using var gate = new ManualResetEventSlim();
        _shelf.Before = gate.Wait;
        Task<TileAnswer> underWay = _transport.FetchAsync(Peer, _part, TileAsk.Owner, new byte[10], CancellationToken.None).AsTask();
        await _shelf.Asked.Task.WaitAsync(Patience);

        _transport.Bury("silo");

        await Assert.ThrowsAnyAsync<IOException>(() => underWay.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<IOException>(() => FetchAsync(new byte[10], TileAsk.Owner));
        gate.Set();
    }

    [Fact]
    public async Task A_request_that_is_given_up_leaves_the_stream_to_others()
    {
        using var gate = new ManualResetEventSlim();
        _shelf.Before = gate.Wait;
        using var patience = new CancellationTokenSource();
        Task<TileAnswer> givenUp = _transport.FetchAsync(Peer, _part, TileAsk.Owner, new byte[10], patience.Token).AsTask();
        await _shelf.Asked.Task.WaitAsync(Patience);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp.WaitAsync(Patience));
        gate.Set();

        var to = new byte[10];
        Assert.True(await EventuallyAsync(() => _transport.FetchAsync(
            Peer, _part with { Index = 8 }, TileAsk.Owner, to, CancellationToken.None).AsTask()));
        Assert.Equal(Shelf.Content(_part with { Index = 8 }, 10), to);
    }

    [Fact]
    public async Task Damage_on_the_way_is_noticed()
    {
        _shelf.Length = _ => 50_000;
        await using var relay = new DamagingRelay(_server.Endpoint);
        var peer = new TilePeer("relayed", relay.Endpoint.ToString());

        await Assert.ThrowsAnyAsync<IOException>(() => _transport.FetchAsync(
            peer, _part, TileAsk.Owner, new byte[50_000], CancellationToken.None).AsTask().WaitAsync(Patience));
        Assert.True(relay.Damaged);
    }

    private Task<bool> FetchAsync(byte[] to, TileAsk ask) =>
        EventuallyAsync(() => _transport.FetchAsync(Peer, _part, ask, to, CancellationToken.None).AsTask());

    /// <summary>A peer that failed is left alone for a moment; so a test may have to ask again.</summary>
    private static async Task<bool> EventuallyAsync(Func<Task<TileAnswer>> fetch)
    {
        long until = Environment.TickCount64 + 5000;
        while (true)
        {
            try
            {
                return (await fetch().WaitAsync(Patience)).Has;
            }
            catch (IOException error) when (error.Message.Contains("in a moment") && Environment.TickCount64 < until)
            {
                await Task.Delay(20);
            }
        }
    }

    private static TcpTileServer Listen(ITileShelf shelf) =>
        new(new IPEndPoint(IPAddress.Loopback, 0), Secret, shelf, NullLogger<TcpTileServer>.Instance);

    private sealed class Shelf : ITileShelf
    {
        private int _reads;

        public Func<TilePart, TileAsk, bool> Has { get; set; } = (_, _) => true;
        public Func<TilePart, int> Length { get; set; } = _ => 10;
        public Func<TilePart, Task> Comes { get; set; } = _ => Task.CompletedTask;
        public ConcurrentQueue<TileAsk> Asks { get; } = [];
        public Action? Before { get; set; }
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int? Elsewhere { get; set; }
        public int Reads => _reads;

        public static byte[] Content(TilePart part, int length)
        {
            var bytes = new byte[length];
            new Random(part.Index).NextBytes(bytes);
            return bytes;
        }

        public Task ComesAsync(TilePart part, TileAsk ask)
        {
            Asks.Enqueue(ask);
            return Comes(part);
        }

        public TileAnswer TryRead(TilePart part, TileAsk ask, bool busy, Span<byte> destination)
        {
            Interlocked.Increment(ref _reads);
            Asked.TrySetResult();
            Before?.Invoke();
            if (!Has(part, ask))
                return Elsewhere is { } block ? TileAnswer.RefersTo(block) : TileAnswer.NotHere;
            Content(part, Length(part)).CopyTo(destination);
            return TileAnswer.Gives(Length(part));
        }
    }
}
