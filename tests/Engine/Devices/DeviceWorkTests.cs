using System.Collections.Concurrent;
using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tests.Reference;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;

namespace Distributed.Engine.Tests.Devices;

/// <summary>A job ends with the same bits whatever its device does.</summary>
public sealed class DeviceWorkTests
{
    private readonly Problem _problem = new(new AttentionShape(2, 4, 2, 30, 30, 9, 11), 3);
    private readonly AttentionOptions _options = new() { SpanRows = 6, Blocks = 3, Threads = 2, Causal = CausalAlignment.At(4), Device = DeviceChoice.Cpu };

    [Fact]
    public async Task A_device_that_fails_is_left_alone_after_a_few_failures_and_each_is_told()
    {
        var told = new ConcurrentQueue<string>();
        DeviceReport report = await RunsLikeTheCpu(new FakeDevice(_ => throw new DeviceException("Device fake failed: no power.")), told.Enqueue);
        Assert.Equal(
            ["Device fake failed: no power. The CPU does that tile.", "Device fake failed: no power. The CPU does that tile.", "Device fake failed: no power. The CPU does the rest of the job."],
            told);
        Assert.Equal(DeviceWork.MostFailures, report.Failures);
        Assert.Equal(0, report.Folds);
        Assert.Equal("Device fake failed: no power.", report.LastFailure);
    }

    [Fact]
    public async Task What_a_device_passes_on_the_CPU_does()
    {
        DeviceReport report = await RunsLikeTheCpu(new FakeDevice(_ => false));
        Assert.Equal((0, 0), (report.Failures, report.Folds));
        Assert.True(report.PassedOn > DeviceWork.MostFailures, $"{report.PassedOn} folds were passed on.");
    }

    [Fact]
    public async Task A_device_that_cannot_be_had_is_refused_by_name_and_passed_over_by_auto()
    {
        AttentionOptions named = _options with { Device = new DeviceChoice(DeviceKind.Cuda, 4711) };
        InputException refused = await Assert.ThrowsAsync<InputException>(() => _problem.RunAsync(named));
        Assert.StartsWith("Device cuda:4711 cannot be used: ", refused.Message, StringComparison.Ordinal);
        await _problem.RunAsync(_options with { Device = DeviceChoice.Auto });
    }

    private async Task<DeviceReport> RunsLikeTheCpu(AttentionDevice device, Action<string>? tells = null)
    {
        MemorySink expected = await _problem.RunAsync(_options);
        MemorySink actual = new(_problem.Shape);
        DeviceReport report = await _problem.WithInput(async input =>
        {
            JobPlan plan = JobPlan.Create(input.Shape, _options);
            using var pool = new ComputePool(1);
            using var packed = new PackedSpanCache(CpuKernels.Best, 1 << 20);
            using DeviceWork work = DeviceWork.Open(device, plan, input, tells: tells);
            var context = new LaneContext(plan, input, CpuKernels.Best, packed, actual) { Device = work };
            await InProcessRing.RunAsync(context, new StoreTileSource(input, plan), pool, rowsPerLane: 6, TestContext.Current.CancellationToken);
            return work.Report;
        });
        Assert.Equal(expected.Output, actual.Output);
        Assert.Equal(expected.LogSumExp, actual.LogSumExp);
        return report;
    }

    private sealed class FakeDevice(Func<DeviceFold, bool> fold) : AttentionDevice
    {
        public override string Name => "fake";

        public override long MemoryBytes => 1 << 20;

        public override int RowsWanted => 6;

        public override DeviceJob Open(DeviceShape shape) => new FakeJob(fold);

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class FakeJob(Func<DeviceFold, bool> fold) : DeviceJob
    {
        public override string Kernel => "fake";

        public override bool SameBitsAsCpu => true;

        public override long SpansUploaded => 0;

        public override bool TryFold(DeviceFold work, CancellationToken cancellation) => fold(work);

        protected override void Dispose(bool disposing)
        {
        }
    }
}
