using Distributed.Kernels.Devices;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>
/// The devices that the contract suite runs on: ILGPU's own processor, which runs the kernels thread by thread, and, where the
/// environment variable <c>ATTEND_TEST_DEVICE</c> names one (<c>cuda</c>, <c>opencl</c>), that one instead.
/// </summary>
public static class EmulatedDevice
{
    public static AttentionDevice Get()
    {
        string name = Environment.GetEnvironmentVariable("ATTEND_TEST_DEVICE") ?? "ilgpu-cpu";
        Assert.True(DeviceChoice.TryParse(name, out DeviceChoice choice), $"ATTEND_TEST_DEVICE is '{name}'.");
        return AttentionDevices.Find(choice).Device!;
    }
}
