using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tests.Tiles;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Tests.Ring;

/// <summary>The worker that only counts asks for the tiles that the real one asks for, in its order, and does its work on each.</summary>
public sealed class SimulatedWorkerTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task It_pulls_the_same_tiles_and_does_the_same_work(int seed)
    {
        var random = new Random(seed);
        int heads = random.Next(1, 3), spanRows = random.Next(2, 12);
        long rows = random.Next(1, 200);
        var shape = new AttentionShape(random.Next(1, 3), heads * 2, heads, rows, rows, 4, 4);
        AttentionOptions options = RandomOptions(random) with { SpanRows = spanRows, Blocks = random.Next(1, 12) };
        JobPlan plan = JobPlan.Create(shape, options);
        int rowsPerLane = spanRows * random.Next(1, 4);

        foreach (PlannedBlock block in plan.Blocks)
        {
            Walk real = await RealAsync(plan, block, rowsPerLane);
            Walk simulated = OneThread.Run(() => Simulated(plan, block, rowsPerLane));
            string what = $"seed {seed}, block {block.Index} of {plan.Blocks.Count}, {options}";
            Assert.True(real.Pulled.SequenceEqual(simulated.Pulled), $"{what}: {real} is expected, not {simulated}.");
            Assert.Equal(real.Costs.Count, simulated.Costs.Count);
            Assert.All(real.Costs.Zip(simulated.Costs), pair => Assert.Equal(pair.First, pair.Second, tolerance: 1e-6));
        }
    }

    private static AttentionOptions RandomOptions(Random random) => new()
    {
        Causal = random.Next(3) switch
        {
            0 => CausalAlignment.TopLeft,
            1 => CausalAlignment.At(random.Next(-30, 30)),
            _ => null,
        },
        Window = random.Next(3) == 0 ? new SlidingWindow(random.Next(-1, 60), random.Next(-1, 60)) : null,
        ExcludedBand = random.Next(4) == 0 ? random.Next(0, 20) : null,
    };

    private static async Task<Walk> RealAsync(JobPlan plan, PlannedBlock block, int rowsPerLane)
    {
        AttentionShape shape = plan.Shape;
        using var numbers = new NativeBuffer((nuint)(shape.Batch * shape.QueryHeads * shape.QueryRows * shape.KeyDim * sizeof(float)));
        nint zeros = Cleared(numbers);
        HeadTensor Tensor(int heads) => HeadTensor.Dense(
            zeros, ElementType.F32, HeadLayout.Bhsd, shape.Batch, heads, shape.QueryRows, shape.KeyDim);
        var input = new AttentionInput(Tensor(shape.QueryHeads), Tensor(shape.KeyHeads), Tensor(shape.KeyHeads));
        using var packed = new PackedSpanCache(CpuKernels.Best, 1 << 20);
        using var compute = new InlineCompute();
        var context = new LaneContext(plan, input, CpuKernels.Best, packed, new MemorySink(shape));
        using var worker = new BlockWorker(context, block, rowsPerLane);
        var walk = new Walk(() => context.CostDone);
        await BlockRun.ToEndAsync(worker, new Recorder(new StoreTileSource(input, plan), walk), compute, walk, CancellationToken.None);
        return walk;
    }

    private static unsafe nint Cleared(NativeBuffer buffer)
    {
        new Span<byte>(buffer.Pointer, (int)buffer.Length).Clear();
        return (nint)buffer.Pointer;
    }

    private static Walk Simulated(JobPlan plan, PlannedBlock block, int rowsPerLane)
    {
        var time = new SimulatedTime();
        var processor = new SimulatedProcessor(time, new Speed(1e9, 1));
        var worker = new SimulatedWorker(plan, block, rowsPerLane, processor);
        var walk = new Walk(() => worker.Done);
        Task run = BlockRun.ToEndAsync(worker, new Recorder(new SimulatedTiles(), walk), processor, walk, CancellationToken.None);
        while (time.Step())
        {
        }
        Assert.True(run.IsCompletedSuccessfully, $"Nothing is due any more, but the block is {run.Status}.");
        return walk;
    }

    /// <summary>What a block pulled, and what it had done after each tile.</summary>
    private sealed class Walk(Func<double> done) : IBlockWatch<IBlockWorker>
    {
        public List<int> Pulled { get; } = [];

        public List<double> Costs { get; } = [];

        public void Waits(int tile)
        {
        }

        public void Has(int tile, bool waited)
        {
        }

        public Task AbsorbedAsync(IBlockWorker worker, int tile)
        {
            Costs.Add(done());
            return Task.CompletedTask;
        }

        public override string ToString() => $"[{string.Join(' ', Pulled)}]";
    }

    private sealed class Recorder(ITileSource source, Walk walk) : ITileSource
    {
        public ValueTask<IKeyValueTile> PullAsync(int block, CancellationToken cancellation)
        {
            walk.Pulled.Add(block);
            return source.PullAsync(block, cancellation);
        }
    }

    private sealed class SimulatedTiles : ITileSource
    {
        private readonly SimulatedStore _store = new(new SimulatedTime(), 1);

        public ValueTask<IKeyValueTile> PullAsync(int block, CancellationToken cancellation) => ValueTask.FromResult(_store.Tile(block));
    }
}
