using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Reference;
using Distributed.Engine.Tiles;
using Distributed.Simulator.Clock;

namespace Distributed.Engine.Tests.Tiles;

/// <summary>A process gives on the parts of a tile that it is still fetching, and lets others wait for the rest; a busy owner names others.</summary>
public class GivingOnTests
{
    private const int PartBytes = 512, Reader = 3, Tile = 1;

    private readonly Guid _job = Guid.NewGuid();
    private readonly SimulatedTime _time = new();
    private readonly SlowOwner _owner = new();

    [Fact]
    public Task A_part_is_given_on_before_the_tile_is_whole() => RunAsync(exchange =>
    {
        _owner.Give(0);

        Assert.Equal(PartBytes, Ask(exchange, 0, steps: 3));
        Assert.Equal(-1, Ask(exchange, 1, steps: 3));
        Assert.Equal(PartBytes, exchange.Traffic.BytesGivenOn);
    });

    [Fact]
    public Task Who_asks_from_farther_along_the_ring_waits_for_a_part_that_is_coming() => RunAsync(exchange =>
    {
        Task comes = exchange.ComesAsync(Part(1), new TileAsk(TileRole.Neighbour, 3));
        Assert.False(comes.IsCompleted);

        _owner.Give(1);

        Assert.True(comes.IsCompletedSuccessfully);
        Assert.Equal(PartBytes, Ask(exchange, 1, steps: 3));
    });

    [Theory]
    [InlineData(TileRole.Neighbour, 2)]
    [InlineData(TileRole.Neighbour, 1)]
    [InlineData(TileRole.Owner, 3)]
    public Task Who_is_as_near_to_the_owner_and_who_asks_the_owner_does_not_wait(TileRole role, int steps) => RunAsync(exchange =>
        Assert.True(exchange.ComesAsync(Part(1), new TileAsk(role, steps)).IsCompletedSuccessfully));

    [Fact]
    public Task Nobody_waits_longer_than_a_moment() => RunAsync(exchange =>
    {
        Task comes = exchange.ComesAsync(Part(1), new TileAsk(TileRole.Neighbour, 3));

        while (!comes.IsCompleted)
            Assert.True(_time.Step(), "Nothing is due any more, and the asker still waits.");

        Assert.Equal(new TileLimits().NeighbourWait, _time.Now);
        Assert.Equal(-1, Ask(exchange, 1, steps: 3));
    });

    [Fact]
    public Task A_fetch_that_fails_lets_go_of_those_that_wait() => RunAsync(exchange =>
    {
        Task comes = exchange.ComesAsync(Part(1), new TileAsk(TileRole.Neighbour, 3));

        _owner.Stop();

        Assert.True(comes.IsCompletedSuccessfully);
    });

    [Fact]
    public Task A_busy_owner_names_the_one_that_got_the_tile_last_and_gives_when_it_is_asked_again() => RunAsync(exchange =>
    {
        const int Own = 0, LastPart = 1;
        TileAnswer Ask(int part, TileRole role, int steps, bool busy) =>
            exchange.TryRead(new TilePart(_job, 1, Own, part), new TileAsk(role, steps), busy, new byte[PartBytes]);
        var gives = TileAnswer.Gives(PartBytes);

        Assert.Equal(gives, Ask(LastPart, TileRole.Owner, steps: 2, busy: true)); // Nobody else has got it yet.
        Assert.Equal(TileAnswer.RefersTo(2), Ask(0, TileRole.Owner, steps: 1, busy: true));
        Assert.Equal(gives, Ask(0, TileRole.OwnerAgain, steps: 1, busy: true));
        Assert.Equal(gives, Ask(0, TileRole.Owner, steps: 1, busy: false));
        Assert.Equal(gives, Ask(0, TileRole.Owner, steps: 2, busy: true)); // Nobody is sent to itself.
    });

    private TilePart Part(int index) => new(_job, 1, Tile, index);

    private int Ask(TileExchange exchange, int part, int steps) =>
        exchange.TryRead(Part(part), new TileAsk(TileRole.Neighbour, steps), busy: false, new byte[PartBytes]).Length;

    /// <summary>Runs a test while block 3 of a process fetches tile 1, two steps to its left, from a slow owner.</summary>
    private Task<int> RunAsync(Action<TileExchange> test) => new Problem(new AttentionShape(1, 1, 1, 64, 64, 8, 8), 1).WithInput(input =>
    {
        OneThread.Run(() =>
        {
            JobPlan plan = JobPlan.Create(input.Shape, new AttentionOptions { SpanRows = 16, Blocks = 4 });
            using var cache = new TileCache(1 << 20);
            var exchange = new TileExchange(cache, _owner, new TileLimits(), _time);
            TilePeer?[] homes = [new("here", ""), new("owner", ""), new("owner", ""), new("here", "")];
            using TileExchange.Job job = exchange.Open(
                _job, new TileLayout(plan, input.Keys.Type, input.Values.Type, PartBytes), new StoreTileSource(input, plan));
            using var stop = new CancellationTokenSource();
            Task<IKeyValueTile> pull = job.SourceFor(Reader, 1, () => new RingMap("here", homes)).PullAsync(Tile, stop.Token).AsTask();

            test(exchange);

            stop.Cancel();
            _owner.Stop();
            Assert.True(pull.IsCompleted, "The fetch does not end.");
            return 0;
        });
        return Task.FromResult(0);
    });

    /// <summary>Gives a part when the test says so.</summary>
    private sealed class SlowOwner : ITileTransport
    {
        private readonly Dictionary<int, (Memory<byte> To, TaskCompletionSource<TileAnswer> Answer)> _asked = [];

        public async ValueTask<TileAnswer> FetchAsync(TilePeer peer, TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation)
        {
            var answer = new TaskCompletionSource<TileAnswer>();
            _asked.Add(part.Index, (destination, answer));
            return await answer.Task.ConfigureAwait(false);
        }

        public void Give(int part)
        {
            _asked.Remove(part, out (Memory<byte> To, TaskCompletionSource<TileAnswer> Answer) asked);
            asked.To.Span.Fill((byte)part);
            asked.Answer.SetResult(TileAnswer.Gives(asked.To.Length));
        }

        public void Stop()
        {
            while (_asked.Count > 0)
            {
                (int part, (_, TaskCompletionSource<TileAnswer> answer)) = _asked.First();
                _asked.Remove(part);
                answer.SetCanceled();
            }
        }
    }
}
