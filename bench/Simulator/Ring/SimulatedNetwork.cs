using System.Runtime.CompilerServices;
using Distributed.Engine.Tiles;
using Distributed.Grains.Tiles;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Ring;

/// <summary>
/// A switch that is never the bottleneck, with a link of its own for each silo, as fast in as out. What goes over a link goes
/// one part after the other, in the order of asking.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="model">Speed and latency of the links.</param>
/// <param name="partBytes">The largest part.</param>
internal sealed class SimulatedNetwork(SimulatedTime time, ClusterModel model, int partBytes)
{
    private readonly byte[] _scratch = new byte[partBytes];
    private readonly Dictionary<string, Link> _links = [];

    /// <summary>Connects a silo.</summary>
    public void Join(string silo, ITileShelf shelf, SimulatedProcessor processor) => _links.Add(silo, new Link(shelf, processor));

    /// <summary>A silo dies: what it was asked for breaks, and it answers nothing more.</summary>
    public void Leave(string silo)
    {
        _links[silo].Alive = false;
        foreach (Connection connection in _links[silo].Callers)
            time.After(model.Latency, () => connection.Break(new IOException($"Silo {silo} died.")));
    }

    /// <summary>Bytes that came into a silo.</summary>
    public long BytesInto(string silo) => _links[silo].In.Bytes;

    /// <summary>Bytes that left a silo.</summary>
    public long BytesOutOf(string silo) => _links[silo].Out.Bytes;

    /// <summary>Opens a connection, as <see cref="TcpTileTransport"/> wants it.</summary>
    public async Task<ITileConnection> ConnectAsync(string from, string to, CancellationToken cancellation)
    {
        await time.Delay(model.Latency * 2, cancellation);
        if (!_links[to].Alive)
            throw new IOException($"Nobody listens at silo {to}.");
        var connection = new Connection(this, from, to);
        _links[to].Callers.Add(connection);
        return connection;
    }

    private void Serve(Connection connection, TilePart part, TileAsk ask, TaskCompletionSource<TileAnswer> answer)
    {
        Link from = _links[connection.To];
        if (!from.Alive)
            return; // The connection breaks on its own.
        ConfiguredTaskAwaitable.ConfiguredTaskAwaiter comes = from.Shelf.ComesAsync(part, ask).ConfigureAwait(false).GetAwaiter();
        if (comes.IsCompleted)
            Answer(connection, part, ask, answer);
        else
            comes.UnsafeOnCompleted(() => Answer(connection, part, ask, answer));
    }

    private void Answer(Connection connection, TilePart part, TileAsk ask, TaskCompletionSource<TileAnswer> answer)
    {
        (Link from, Link to) = (_links[connection.To], _links[connection.From]);
        if (!from.Alive)
            return;
        TileAnswer said = from.Shelf.TryRead(part, ask, from.Out.UnderWay(time.Now) >= TcpTileServer.Busy, _scratch);
        int bytes = Math.Max(said.Length, 0);
        TimeSpan left = from.Out.Take(time.Now, bytes, model.LinkBytesPerSecond);
        TimeSpan arrived = to.In.Take(left - Transmission(bytes) + model.Latency, bytes, model.LinkBytesPerSecond);
        var work = TimeSpan.FromSeconds(bytes * model.SecondsPerByte);
        from.Processor.Charge(work);
        to.Processor.Charge(work);
        time.After(arrived - time.Now, () => connection.End(answer, said));
    }

    private TimeSpan Transmission(int bytes) => TimeSpan.FromSeconds(bytes / model.LinkBytesPerSecond);

    /// <summary>One direction of a link.</summary>
    private sealed class Direction
    {
        private readonly Queue<TimeSpan> _leaving = [];
        private TimeSpan _free;

        public long Bytes { get; private set; }

        /// <summary>Sends bytes when those before them have gone; says when the last of them is through.</summary>
        public TimeSpan Take(TimeSpan from, long bytes, double bytesPerSecond)
        {
            UnderWay(from);
            Bytes += bytes;
            _free = (_free > from ? _free : from) + TimeSpan.FromSeconds(bytes / bytesPerSecond);
            if (bytes > 0)
                _leaving.Enqueue(_free);
            return _free;
        }

        /// <summary>Parts that are sent, or wait for that.</summary>
        public int UnderWay(TimeSpan now)
        {
            while (_leaving.TryPeek(out TimeSpan first) && first <= now)
                _leaving.Dequeue();
            return _leaving.Count;
        }
    }

    private sealed class Link(ITileShelf shelf, SimulatedProcessor processor)
    {
        public ITileShelf Shelf => shelf;

        public SimulatedProcessor Processor => processor;

        public bool Alive { get; set; } = true;

        public Direction In { get; } = new();

        public Direction Out { get; } = new();

        public List<Connection> Callers { get; } = [];
    }

    private sealed class Connection(SimulatedNetwork network, string from, string to) : ITileConnection
    {
        private readonly HashSet<TaskCompletionSource<TileAnswer>> _open = [];
        private IOException? _broken;

        public string From => from;

        public string To => to;

        public bool Broken => _broken is not null;

        public async Task<TileAnswer> FetchAsync(TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation)
        {
            if (_broken is { } broken)
                throw broken;
            var answer = new TaskCompletionSource<TileAnswer>();
            _open.Add(answer);
            using CancellationTokenRegistration _ = cancellation.Register(() =>
            {
                _open.Remove(answer);
                answer.TrySetCanceled(cancellation);
            });
            network.After(() => network.Serve(this, part, ask, answer));
            return await answer.Task;
        }

        public void End(TaskCompletionSource<TileAnswer> answer, TileAnswer said)
        {
            if (_open.Remove(answer))
                answer.TrySetResult(said);
        }

        public void Break(IOException why)
        {
            _broken ??= why;
            TaskCompletionSource<TileAnswer>[] open = [.. _open];
            _open.Clear();
            foreach (TaskCompletionSource<TileAnswer> answer in open)
                answer.TrySetException(why);
        }
    }

    private void After(Action arrives) => time.After(model.Latency, arrives);
}
