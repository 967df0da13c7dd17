using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.States;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Ring;

/// <summary>
/// A job on a modelled cluster. Plan, schedule, map, way round the ring, look-ahead, tile cache, routes, credits, time-outs
/// and pace of checkpoints are those of real silos; clock, links, processors and disks are simulated.
/// </summary>
internal sealed class ClusterSimulation : IDisposable
{
    /// <summary>What a silo holds of packed keys and values.</summary>
    private const long PackedBytes = 96L << 20;

    private readonly SimulatedTime _time = new();
    private readonly ClusterModel _model;
    private readonly JobPlan _plan;
    private readonly SimulatedNetwork _network;
    private readonly SimulatedSilo[] _silos;
    private readonly SimulatedCoordinator _coordinator;

    private ClusterSimulation(ClusterModel model, JobModel job, JobPlan plan)
    {
        (_model, _plan) = (model, plan);
        long tileBytes = plan.Blocks.Max(block => new TileLayout(plan, job.Type, job.Type).BytesOf(block.Index));
        int partBytes = model.PartsPerTile is { } parts
            ? (int)Math.Clamp((tileBytes + parts - 1) / parts, TileLayout.PartBytes, int.MaxValue / 2)
            : TileLayout.PartBytes;
        var layout = new TileLayout(plan, job.Type, job.Type, partBytes);
        var limits = new TileLimits();
        double longer = (double)partBytes / TileLayout.PartBytes;
        limits = limits with { PartTimeout = limits.PartTimeout * longer, NeighbourWait = limits.NeighbourWait * longer };
        _network = new SimulatedNetwork(_time, model, partBytes);
        var id = Guid.NewGuid();
        _silos = [.. Enumerable.Range(0, model.Silos).Select(i => new SimulatedSilo(i, _time, model, _network, layout, limits, id))];
        _coordinator = new SimulatedCoordinator(_time, model, plan, BlockBytes(plan, StateBytesPerRow(plan)), BlockBytes(plan, RowBytes(plan)), _silos);
    }

    /// <summary>Runs a job to its end.</summary>
    /// <param name="model">The cluster.</param>
    /// <param name="job">The job.</param>
    /// <param name="plan">Its plan; null = as the cluster's coordinator would make it.</param>
    public static SimulationResult Run(ClusterModel model, JobModel job, JobPlan? plan = null)
    {
        JobPlan of = plan ?? job.Plan(model);
        return OneThread.Run(() =>
        {
            using var simulation = new ClusterSimulation(model, job, of);
            return simulation.Run();
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SimulatedSilo silo in _silos)
            silo.Dispose();
    }

    private SimulationResult Run()
    {
        foreach (Death death in _model.Deaths)
        {
            _time.After(death.At, () =>
            {
                _network.Leave(_silos[death.Silo].Name);
                _silos[death.Silo].Die();
            });
        }
        _coordinator.Begin();
        while (_coordinator.Finished is null)
        {
            bool more = _time.Step();
            _coordinator.ThrowIfFailed();
            if (!more)
                throw new InvalidOperationException("Nothing is due any more, but the job has not ended: it hangs.");
        }
        return Result(_coordinator.Finished.Value);
    }

    private SimulationResult Result(TimeSpan took)
    {
        SimulatedSilo[] living = [.. _silos.Where(silo => silo.Alive)];
        double matrices = (double)_plan.Shape.Batch * _plan.Shape.QueryHeads;
        double ideal = _model.Speed.TimeFor(Total(_plan, matrices)).TotalSeconds / (_model.Factors?.Sum() ?? _model.Silos);
        return new SimulationResult
        {
            Took = took,
            Efficiency = ideal / took.TotalSeconds,
            Blocks = _plan.Blocks.Count,
            CostDone = _coordinator.Ended.Sum(attempt => attempt.Done),
            CostLost = _coordinator.Lost,
            Cost = _plan.Cost * matrices,
            BytesIn = [.. _silos.Select(silo => _network.BytesInto(silo.Name))],
            BytesOut = [.. _silos.Select(silo => _network.BytesOutOf(silo.Name))],
            Traffic = [.. _silos.Select(silo => silo.Exchange.Traffic)],
            Asked = [.. _silos.Select(silo => silo.Asked)],
            SiloOf = [.. _coordinator.Ended.OrderBy(attempt => attempt.Block).Select(attempt => attempt.Silo.Index)],
            OwnersOf = _coordinator.Owners,
            WorkOf = WorkOf(),
            Busy = [.. _silos.Select(silo => silo.Processor.Busy)],
            MemoryOfBlocks = MemoryEstimate.Of(
                _plan, CpuKernels.Best, _model.Threads, JobPlanner.RowsPerLane(_plan, _model.Threads), PackedBytes, _model.BlocksAtOnce),
            TileBytes = living.Max(silo => silo.MostTileBytes),
            Waiting = _coordinator.Ended.Sum(attempt => attempt.Waited.TotalSeconds) / _coordinator.Ended.Sum(attempt => attempt.Took.TotalSeconds),
        };
    }

    private PairCounts[] WorkOf()
    {
        var work = new PairCounts[_silos.Length];
        foreach (SimulatedBlock attempt in _coordinator.Ended)
            work[attempt.Silo.Index] += attempt.Work;
        return work;
    }

    private static PairCounts Total(JobPlan plan, double matrices)
    {
        PairCounts one = plan.PairsIn(new SpanRectangle(0, plan.QueryGrid.Count, 0, plan.KeyGrid.Count));
        return new PairCounts(one.Full * matrices, one.Partial * matrices);
    }

    private static long StateBytesPerRow(JobPlan plan) =>
        (long)AttentionState.FloatsFor(1, plan.Shape.ValueDim) * sizeof(float) * plan.Shape.Batch * plan.Shape.QueryHeads;

    private static long RowBytes(JobPlan plan) => (plan.Shape.ValueDim + 1L) * sizeof(float) * plan.Shape.Batch * plan.Shape.QueryHeads;

    private static long BlockBytes(JobPlan plan, long perRow)
    {
        AttentionShape shape = plan.Shape;
        return perRow * shape.QueryRows / plan.Blocks.Count;
    }
}
