using System.Security.Cryptography;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tests.Reference;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.Tests.Checkpoints;

public sealed class BlockCheckpointTests : IDisposable
{
    private static readonly byte[] Key = SHA256.HashData("a job"u8);
    private readonly string _folder = Directory.CreateTempSubdirectory("checkpoints").FullName;
    private readonly Problem _problem = new(new AttentionShape(2, 4, 2, 90, 90, 9, 11), 3);
    private readonly AttentionOptions _options = new() { SpanRows = 6, Blocks = 5, Threads = 2, Causal = CausalAlignment.At(20) };

    private string Checkpoint => Path.Combine(_folder, "block");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_block_that_goes_on_from_each_of_its_checkpoints_gives_the_same_bits()
    {
        MemorySink expected = await _problem.RunAsync(_options);
        foreach (int block in Enumerable.Range(0, 5))
        {
            for (int stopAfter = 1; ; stopAfter++)
            {
                var first = new Stop(Checkpoint, stopAfter);
                MemorySink sink = new(_problem.Shape);
                await RunAsync(block, sink, first, restore: false);
                if (!first.Stopped)
                    break;
                MemorySink resumed = new(_problem.Shape);
                var second = new Stop(Checkpoint, int.MaxValue);
                long pairs = await RunAsync(block, resumed, second, restore: true);

                Assert.Equal(await RunAsync(block, sink, new Stop(Checkpoint, int.MaxValue), restore: false), pairs);
                Assert.True(second.Absorbed + first.Absorbed <= 7, "A block that went on folded tiles again that its checkpoint holds.");
                int[] rows = [.. Enumerable.Range(0, expected.LogSumExp.Length).Where(row => sink.LogSumExp[row] != 0)];
                Assert.NotEmpty(rows);
                Assert.All(rows, row => Assert.Equal(expected.LogSumExp[row], resumed.LogSumExp[row]));
                Assert.All(rows, row => Assert.Equal(RowOf(expected, row), RowOf(resumed, row)));
            }
        }
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_refused_wherever_the_damage_is()
    {
        await RunAsync(2, new MemorySink(_problem.Shape), new Stop(Checkpoint, 1), restore: false);
        byte[] good = await File.ReadAllBytesAsync(Checkpoint);
        var random = new Random(1);
        foreach (int at in Enumerable.Range(0, 60).Concat(Enumerable.Range(0, 200).Select(_ => random.Next(good.Length))))
        {
            byte[] bad = [.. good];
            bad[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(Checkpoint, bad);
            await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(2, new MemorySink(_problem.Shape), null, restore: true));
        }
        foreach (int length in new[] { 0, 7, 60, good.Length - 1 })
        {
            await File.WriteAllBytesAsync(Checkpoint, good[..length]);
            await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(2, new MemorySink(_problem.Shape), null, restore: true));
        }
        await File.WriteAllBytesAsync(Checkpoint, [.. good, 0]);
        await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(2, new MemorySink(_problem.Shape), null, restore: true));
        Assert.Equal([Checkpoint], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_checkpoint_of_another_job_or_block_is_refused()
    {
        await RunAsync(2, new MemorySink(_problem.Shape), new Stop(Checkpoint, 1), restore: false);

        await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(1, new MemorySink(_problem.Shape), null, restore: true));
        await Assert.ThrowsAsync<InvalidDataException>(
            () => RunAsync(2, new MemorySink(_problem.Shape), null, restore: true, SHA256.HashData("another"u8)));
    }

    private float[] RowOf(MemorySink sink, int row)
    {
        int width = (int)_problem.Shape.ValueDim;
        return sink.Output[(row * width)..((row + 1) * width)];
    }

    private Task<long> RunAsync(int block, MemorySink sink, Stop? stop, bool restore, byte[]? key = null) => _problem.WithInput(async input =>
    {
        JobPlan plan = JobPlan.Create(input.Shape, _options);
        using var pool = new ComputePool(2);
        using var packed = new PackedSpanCache(CpuKernels.Best, 1 << 20);
        var context = new LaneContext(plan, input, CpuKernels.Best, packed, sink) { KeepStates = true };
        using var worker = new BlockWorker(context, plan.Blocks[block], rowsPerLane: 4);
        if (restore)
            Assert.True(BlockCheckpoint.TryRestore(Checkpoint, key ?? Key, worker));
        try
        {
            await BlockRun.ToEndAsync(worker, new StoreTileSource(input, plan), pool, stop, CancellationToken.None);
        }
        catch (OperationCanceledException) when (stop is { Stopped: true })
        {
        }
        return context.PairsSeen;
    });

    private sealed class Stop(string path, int after) : IBlockWatch<BlockWorker>
    {
        public int Absorbed { get; private set; }
        public bool Stopped { get; private set; }

        public void Waits(int tile)
        {
        }

        public void Has(int tile, bool waited)
        {
        }

        public Task AbsorbedAsync(BlockWorker worker, int tile)
        {
            if (++Absorbed < after || worker.Finished)
                return Task.CompletedTask;
            BlockCheckpoint.Write(path, Key, worker);
            Stopped = true;
            throw new OperationCanceledException();
        }
    }
}
