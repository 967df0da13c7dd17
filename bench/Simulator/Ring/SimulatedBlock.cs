using Distributed.Engine.Checkpoints;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tiles;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Ring;

/// <summary>One attempt of a block: what a block grain does, on a simulated silo.</summary>
internal sealed class SimulatedBlock : IBlockWatch<SimulatedWorker>
{
    private readonly SimulatedTime _time;
    private readonly ClusterModel _model;
    private readonly SimulatedWorker _worker;
    private readonly CheckpointPace _pace;
    private readonly long _stateBytes;
    private TimeSpan? _began, _ended;
    private TimeSpan _waitsSince;

    public SimulatedBlock(
        SimulatedTime time, ClusterModel model, SimulatedSilo silo, JobPlan plan, int block, int rowsPerLane, long stateBytes, int savedStep)
    {
        (_time, _model, Silo, Block, _stateBytes, SavedStep) = (time, model, silo, block, stateBytes, savedStep);
        _worker = new SimulatedWorker(plan, plan.Blocks[block], rowsPerLane, silo.Processor, savedStep);
        _pace = new CheckpointPace(model.CheckpointInterval, time);
        Saved = _worker.Restored;
    }

    public SimulatedSilo Silo { get; }

    public int Block { get; }

    /// <summary>Work that this attempt did.</summary>
    public PairCounts Work => _worker.Work;

    /// <summary>Cost done, with what a checkpoint brought.</summary>
    public double Done => _worker.Done;

    /// <summary>Cost done by now, with what is done of the tile at hand.</summary>
    public double DoneByNow => _worker.DoneByNow;

    /// <summary>Whether it has its place and has not ended.</summary>
    public bool AtWork => _began is not null && _ended is null;

    /// <summary>Cost that a checkpoint brought.</summary>
    public double Restored => _worker.Restored;

    /// <summary>Cost that its last checkpoint holds.</summary>
    public double Saved { get; private set; }

    /// <summary>Where another attempt can go on.</summary>
    public int SavedStep { get; private set; }

    /// <summary>Time that it could do nothing for want of a tile.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Time that it computed, waits for tiles among it.</summary>
    public TimeSpan Took => (_ended - _began) ?? TimeSpan.Zero;

    /// <summary>Runs to the block's end, when there is a place for it; the next one has the place while the rows go to disk.</summary>
    /// <param name="map">Who owns which block.</param>
    /// <param name="attempt">Number of the attempt.</param>
    public async Task RunAsync(RingMap map, int attempt)
    {
        await Silo.Places.TakeAsync(Silo.Dead);
        _began = _time.Now;
        if (SavedStep > 0)
            await Silo.Store.ReadyAsync(Block, (int)Math.Min(_stateBytes, int.MaxValue), Silo.Dead);
        await BlockRun.ToEndAsync(
            _worker, new Asking(Silo.Tiles.SourceFor(Block, attempt, () => map), map, Silo), Silo.Processor, this, Silo.Dead);
        _ended = _time.Now;
        Silo.Places.Give();
    }

    public void Waits(int tile) => _waitsSince = _time.Now;

    public void Has(int tile, bool waited)
    {
        if (waited)
            Waited += _time.Now - _waitsSince;
    }

    public async Task AbsorbedAsync(SimulatedWorker worker, int tile)
    {
        if (!_pace.Due)
            return;
        TimeSpan takes = TimeSpan.FromSeconds(_stateBytes / _model.StoreBytesPerSecond);
        await _time.Delay(takes, Silo.Dead);
        (Saved, SavedStep) = (worker.Done, worker.Step);
        _pace.Saved(takes);
    }

    /// <summary>Writes down which tiles of other silos a silo's blocks ask for.</summary>
    private sealed class Asking(ITileSource source, RingMap map, SimulatedSilo silo) : ITileSource
    {
        public ValueTask<IKeyValueTile> PullAsync(int block, CancellationToken cancellation)
        {
            if (!map.OwnedHere(block))
                silo.Asked.Add(block);
            return source.PullAsync(block, cancellation);
        }
    }
}
