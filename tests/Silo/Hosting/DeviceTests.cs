#if HAS_ILGPU
using System.Diagnostics.Metrics;
using Distributed.Engine;

namespace Distributed.Silo.Tests.Hosting;

/// <summary>A silo by itself folds tiles on the device that its setting names.</summary>
public sealed class DeviceTests
{
    [Fact]
    public async Task Jobs_that_name_no_device_are_folded_on_that_of_the_silo()
    {
        long folds = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "attend.device.folds")
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
                Interlocked.Add(ref folds, tag.Value is "device" ? count : 0);
        });
        listener.Start();
        await using TestSilo silo = await TestSilo.StartAsync(null, "--device", "ilgpu-cpu", "--threads", "1");
        await silo.PutAsync("v1/tensors/small", TestTensors.Qkv(1, 64, 16));

        Guid job = await silo.SubmitAsync("""{"version":1,"input":"tensor:small"}""");

        Assert.Equal("finished", (await silo.UntilAsync(job, "finished", "failed")).GetProperty("state").GetString());
        Assert.True(folds > 0, "Nothing was folded on the device.");
    }

    [Fact]
    public async Task A_device_that_cannot_be_had_is_refused_at_the_start()
    {
        InputException error = await Assert.ThrowsAsync<InputException>(() => TestSilo.StartAsync(null, "--device", "cuda:63"));

        Assert.StartsWith("Device cuda:63 cannot be used: ", error.Message, StringComparison.Ordinal);
    }
}
#endif
