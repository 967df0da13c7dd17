using Distributed.Engine.Jobs;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Rows;
using Distributed.Kernels.Tests.Devices;

namespace Distributed.Engine.Tests.Gpu;

/// <summary>Whole jobs on ILGPU's own processor, which runs the GPU kernels thread by thread, or on a device: the bits of the CPU.</summary>
public sealed class DeviceJobTests
{
    [Fact]
    public async Task A_ring_with_grouped_heads_prepared_rows_and_scores_has_the_bits_of_the_CPU()
    {
        var problem = new Problem(new AttentionShape(1, 4, 2, 20, 26, 12, 10), 3);
        AttentionOptions options = new()
        {
            SpanRows = 13,
            Blocks = 2,
            Threads = 2,
            Causal = CausalAlignment.BottomRight,
            Softcap = 3,
            Alibi = true,
            QkNorm = RowNorm.Rms,
            Rotary = new RotaryOptions(),
        };
        MemorySink expected = await problem.RunAsync(options with { Device = DeviceChoice.Cpu });
        MemorySink actual = await problem.RunAsync(options with { Device = TestDevice.Choice });
        Assert.Equal(expected.Output, actual.Output);
        Assert.Equal(expected.LogSumExp, actual.LogSumExp);
    }
}
