using Distributed.Engine.Checksums;
using Distributed.Engine.Tiles;
using Distributed.Simulator.Clock;

namespace Distributed.Engine.Tests.Tiles;

/// <summary>
/// Carries requests and answers between simulated processes, and loses, repeats, delays, reorders and damages them as a
/// seed says: the same seed does the same to the same run.
/// </summary>
internal sealed class FaultyNetwork(int seed, SimulatedTime time)
{
    private readonly Random _random = new(seed);
    private readonly byte[] _scratch = new byte[TileLayout.PartBytes];
    private readonly Dictionary<string, ITileShelf> _shelves = [];
    private readonly Dictionary<(string, string), TimeSpan> _cutUntil = [];
    private readonly List<Task> _serving = [];

    /// <summary>The requests being served; a failure is the network's own.</summary>
    public IReadOnlyList<Task> Serving => _serving;

    public int Lost { get; private set; }
    public int Repeated { get; private set; }
    public int Damaged { get; private set; }
    public int Unasked { get; private set; }

    /// <summary>Shares of messages that are lost, repeated and damaged.</summary>
    public (double Lost, double Repeated, double Damaged) Shares { get; init; }

    public ITileTransport TransportOf(string process) => new Transport(this, process);

    public void Join(string process, ITileShelf shelf) => _shelves[process] = shelf;

    public void Leave(string process) => _shelves.Remove(process);

    /// <summary>Loses all messages between two processes for some time.</summary>
    public void Cut(string one, string other, TimeSpan length) =>
        _cutUntil[Pair(one, other)] = TimeSpan.FromTicks(time.GetTimestamp()) + length;

    private void Carry(string from, string to, Action arrive)
    {
        int copies = _random.NextDouble() < Shares.Repeated ? 2 : 1;
        Repeated += copies - 1;
        for (int copy = 0; copy < copies; copy++)
        {
            if (_random.NextDouble() < Shares.Lost
                || (_cutUntil.TryGetValue(Pair(from, to), out TimeSpan until) && time.GetTimestamp() < until.Ticks))
            {
                Lost++;
                continue;
            }
            // Mostly quick, sometimes slower than any time-out; the differences put messages out of order.
            double milliseconds = _random.NextDouble() * (_random.Next(20) == 0 ? 5000 : 20);
            time.After(TimeSpan.FromMilliseconds(milliseconds), arrive);
        }
    }

    private static (string, string) Pair(string one, string other) =>
        string.CompareOrdinal(one, other) < 0 ? (one, other) : (other, one);

    private sealed class Transport(FaultyNetwork network, string self) : ITileTransport
    {
        private readonly Dictionary<string, PendingParts> _pending = [];

        public async ValueTask<TileAnswer> FetchAsync(
            TilePeer peer, TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation)
        {
            if (!_pending.TryGetValue(peer.Name, out PendingParts? pending))
                _pending[peer.Name] = pending = new PendingParts();
            PendingParts.Request request = pending.Enter(part, destination);
            using CancellationTokenRegistration _ = cancellation.Register(() =>
            {
                if (pending.Withdraw(request))
                    request.Cancel(cancellation);
            });
            network.Carry(self, peer.Name, () => network._serving.Add(ServeAsync(peer.Name, part, ask, pending)));
            return await request.Answer.ConfigureAwait(false);
        }

        private async Task ServeAsync(string peer, TilePart part, TileAsk ask, PendingParts pending)
        {
            if (!network._shelves.TryGetValue(peer, out ITileShelf? shelf))
                return;
            await shelf.ComesAsync(part, ask).ConfigureAwait(false);
            TileAnswer answer = shelf.TryRead(part, ask, busy: network._random.Next(3) == 0, network._scratch);
            int length = answer.Length;
            byte[] bytes = network._scratch[..Math.Max(length, 0)];
            uint checksum = Crc32C.Of(bytes);
            if (length > 0 && network._random.NextDouble() < network.Shares.Damaged)
            {
                bytes[network._random.Next(length)] ^= 1;
                network.Damaged++;
            }
            network.Carry(peer, self, () => Arrive(part, bytes, answer, checksum, pending));
        }

        private void Arrive(TilePart part, byte[] bytes, TileAnswer answer, uint checksum, PendingParts pending)
        {
            if (!pending.TryTake(part, out PendingParts.Request? request))
            {
                network.Unasked++;
                return;
            }
            if (!answer.Has)
                request.End(answer);
            else if (Crc32C.Of(bytes) != checksum)
                request.Fail(new IOException("damaged"));
            else
            {
                bytes.CopyTo(request.Destination.Span);
                request.End(answer);
            }
        }
    }
}
