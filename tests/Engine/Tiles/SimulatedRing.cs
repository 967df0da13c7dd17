using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tests.Reference;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Simulator.Clock;

namespace Distributed.Engine.Tests.Tiles;

/// <summary>A job's blocks on simulated processes that have only a faulty network between them.</summary>
internal sealed class SimulatedRing(int seed)
{
    private static readonly TileLimits Limits = new() { PartTimeout = TimeSpan.FromMilliseconds(200), NeighbourWait = TimeSpan.FromMilliseconds(80), PartsUnderWay = 3 };

    public TileTraffic[] Traffic { get; private set; } = [];

    public FaultyNetwork? Network { get; private set; }

    /// <summary>Runs a random job under random faults and checks its bits against a run without any.</summary>
    public async Task CheckAsync()
    {
        var random = new Random(seed);
        var problem = new Problem(Problem.RandomShape(random, 120), seed);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(4, 20)) with { Blocks = random.Next(2, 8), Threads = 1 };
        MemorySink expected = await problem.RunAsync(options with { Blocks = 1 });

        MemorySink actual = await problem.WithInput(input => Task.FromResult(OneThread.Run(() => Run(input, options, random))));

        string what = $"seed {seed}: {problem.Shape}, {options}";
        Compare.SameBits(expected.Output, actual.Output, $"output, {what}");
        Compare.SameBits(expected.LogSumExp, actual.LogSumExp, $"LSE, {what}");
    }

    private MemorySink Run(AttentionInput input, AttentionOptions options, Random random)
    {
        JobPlan plan = JobPlan.Create(input.Shape, options);
        var time = new SimulatedTime();
        Network = new FaultyNetwork(seed, time)
        {
            Shares = (random.NextDouble() * 0.3, random.NextDouble() * 0.3, random.NextDouble() * 0.1),
        };
        string[] names = [.. Enumerable.Range(0, random.Next(2, 5)).Select(i => $"silo {i}")];
        TilePeer?[] homes = [.. plan.Blocks.Select(block => new TilePeer(names[block.Index * names.Length / plan.Blocks.Count], ""))];
        var job = Guid.NewGuid();
        var store = new StoreTileSource(input, plan);
        // Little room, so that tiles are dropped and fetched again.
        TileCache[] caches = [.. names.Select(_ => new TileCache(random.Next(2) * 200_000))];
        TileExchange[] exchanges = [.. names.Select((name, i) => new TileExchange(caches[i], Network.TransportOf(name), Limits, time))];
        TileExchange.Job[] jobs = [.. exchanges.Select(exchange => exchange.Open(job, TileLayout.Of(input, plan), store))];
        for (int i = 0; i < names.Length; i++)
            Network.Join(names[i], exchanges[i]);
        if (random.Next(3) == 0)
            time.After(TimeSpan.FromMilliseconds(random.Next(300)), () => Network.Leave(names[^1]));
        if (random.Next(3) == 0)
            Network.Cut(names[0], names[1], TimeSpan.FromSeconds(5));

        using var packed = new PackedSpanCache(CpuKernels.Best, 1 << 20);
        using var compute = new InlineCompute();
        var sink = new MemorySink(input.Shape);
        Task[] blocks = [.. plan.Blocks.Select(block =>
        {
            int home = Array.IndexOf(names, homes[block.Index]!.Name);
            var map = new RingMap(names[home], homes);
            var context = new LaneContext(plan, input, CpuKernels.Best, packed, sink);
            return BlockRun.ToEndAsync(
                new BlockWorker(context, block, 7), jobs[home].SourceFor(block.Index, 1, () => map), compute, null,
                CancellationToken.None);
        })];
        while (!blocks.All(block => block.IsCompleted))
            Assert.True(time.Step(), $"seed {seed}: nothing is due any more, but {blocks.Count(b => !b.IsCompleted)} blocks are not finished: they hang.");
        foreach (Task block in blocks)
            block.GetAwaiter().GetResult();
        Assert.DoesNotContain(Network.Serving, serving => serving.IsFaulted);

        Traffic = [.. exchanges.Select(exchange => exchange.Traffic)];
        foreach (TileExchange.Job open in jobs)
            open.Dispose();
        Assert.All(caches, cache => Assert.Equal(0, cache.Bytes));
        return sink;
    }
}
