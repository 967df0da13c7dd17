#if HAS_ILGPU
using Distributed.Cluster.Tests.Options;
using Distributed.Engine.Jobs;

namespace Distributed.Cluster.Tests;

/// <summary>
/// Silos with a device and silos without one in one ring: with ILGPU's own processor, or with the device that the environment
/// variable <c>ATTEND_TEST_DEVICE</c> names. The former runs a hundred and twenty-eight threads in lock-step, which takes minutes
/// beside other tests, so it is asked for by name; <c>tests/Engine</c> mixes devices in one process.
/// </summary>
public sealed class MixedRingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mixed-ring").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_device_and_a_processor_share_a_job_and_the_bits_are_those_of_one_process_every_time()
    {
        string? name = Environment.GetEnvironmentVariable("ATTEND_TEST_DEVICE");
        Assert.SkipWhen(name is null, "A ring of real silos with a device is run where ATTEND_TEST_DEVICE names one: ilgpu-cpu, cuda or opencl.");
        // A device is a hundred times as fast as ILGPU's processor, and the job is to last until both silos are at it.
        bool emulated = name == "ilgpu-cpu";
        (long rows, int dim, int window) = emulated ? (16_384L, 16, 256) : (65_536L, 64, 8192);
        TestJob job = await TestJob.CreateAsync(_folder, "job", new OptionJob("job")
        {
            Shape = new AttentionShape(1, 1, 1, rows, rows, dim, dim),
            Options = new() { Causal = CausalAlignment.TopLeft, Window = new SlidingWindow(window, 0) },
        });
        await using var cluster = new TestCluster(_folder, null);
        SiloProcess device = cluster.Begin(("device", name));
        cluster.Silos.Add(device);
        await device.ReadyAsync();
        Assert.Contains($"Tiles are folded on {name}", device.Output, StringComparison.Ordinal);
        string output = Path.Combine(_folder, "out.safetensors");

        // What is done before there is a second silo, the device has done.
        Guid id = emulated ? await cluster.SubmitAsync(job.To(output)) : default;
        if (emulated)
            await cluster.WhenAsync(id, view => view.Done > 0, "the device to fold a tile");
        SiloProcess processor = cluster.Begin(("device", "cpu"));
        cluster.Silos.Add(processor);
        if (!emulated)
        {
            await processor.ReadyAsync();
            id = await cluster.SubmitAsync(job.To(output));
        }
        JobView mixed = await cluster.EndedAsync(id);

        job.Check(output, "begun on a device, ended with a processor");
        Assert.Equal(2, mixed.Silos.Length);
        Assert.Contains(mixed.Silos, silo => silo.Finished > mixed.Blocks / 2);
        Assert.Equal(0, mixed.AttemptsLost);
        Assert.Equal(0, mixed.Redone);
        Assert.Contains("Tiles are folded on the CPU.", processor.Output, StringComparison.Ordinal);
        File.Delete(output);
        await cluster.EndedAsync(await cluster.SubmitAsync(job.To(output)));
        job.Check(output, "the same silos once more");
    }
}
#endif
