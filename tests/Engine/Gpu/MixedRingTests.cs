using System.Security.Cryptography;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tests.Reference;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Tests.Devices;

namespace Distributed.Engine.Tests.Gpu;

/// <summary>One ring of a device and a processor: each block is begun on one of them and ended on the other.</summary>
public sealed class MixedRingTests : IDisposable
{
    private static readonly byte[] Key = SHA256.HashData("a job"u8);
    private readonly string _folder = Directory.CreateTempSubdirectory("mixed-ring").FullName;
    private readonly Problem _problem = new(new AttentionShape(1, 2, 1, 40, 40, 12, 10), 5);
    private readonly AttentionOptions _options = new()
    {
        SpanRows = 7,
        Blocks = 3,
        Threads = 1,
        Causal = CausalAlignment.At(25),
        Softcap = 4,
        Device = DeviceChoice.Cpu,
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Blocks_that_go_from_a_device_to_a_processor_or_back_have_the_bits_of_the_processor()
    {
        Assert.SkipUnless(Kernels.KernelsAssembly.HasIlgpu, "This build has no ILGPU.");
        MemorySink expected = await _problem.RunAsync(_options), actual = new(_problem.Shape);
        await _problem.WithInput(async input =>
        {
            JobPlan plan = JobPlan.Create(input.Shape, _options);
            using var packed = new PackedSpanCache(CpuKernels.Best, 1 << 20);
            using DeviceWork device = DeviceWork.Open(TestDevice.Choice, plan, input)!;
            foreach (PlannedBlock block in plan.Blocks)
            {
                bool deviceFirst = block.Index % 2 == 0;
                LaneContext On(bool isDevice) =>
                    new(plan, input, CpuKernels.Best, packed, actual) { KeepStates = true, Device = isDevice ? device : null };
                await RunAsync(input, On(deviceFirst), block, restore: false);
                await RunAsync(input, On(!deviceFirst), block, restore: true);
            }
            Assert.True(device.Report.Folds >= plan.Blocks.Count, $"{device.Report.Folds} folds were done on the device.");
            Assert.True(device.Report.SameBitsAsCpu);
            return 0;
        });
        Assert.Equal(expected.Output, actual.Output);
        Assert.Equal(expected.LogSumExp, actual.LogSumExp);
    }

    /// <summary>Folds the first tile and saves, or goes on from there to the end.</summary>
    private async Task RunAsync(AttentionInput input, LaneContext context, PlannedBlock block, bool restore)
    {
        string checkpoint = Path.Combine(_folder, $"{block.Index}");
        using var pool = new ComputePool(1);
        using var worker = new BlockWorker(context, block, rowsPerLane: 7);
        if (restore)
            Assert.True(BlockCheckpoint.TryRestore(checkpoint, Key, worker));
        try
        {
            await BlockRun.ToEndAsync(
                worker, new StoreTileSource(input, context.Plan), pool, restore ? null : new SaveAndStop(checkpoint), CancellationToken.None);
        }
        catch (OperationCanceledException) when (!restore)
        {
        }
        Assert.Equal(restore, worker.Finished);
    }

    private sealed class SaveAndStop(string path) : IBlockWatch<BlockWorker>
    {
        public void Waits(int tile)
        {
        }

        public void Has(int tile, bool waited)
        {
        }

        public Task AbsorbedAsync(BlockWorker worker, int tile)
        {
            BlockCheckpoint.Write(path, Key, worker);
            throw new OperationCanceledException();
        }
    }
}
