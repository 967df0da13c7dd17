using Distributed.Kernels.Devices;

namespace Distributed.Kernels.Tests.Devices;

/// <summary>
/// The device that tests of devices run on: ILGPU's own processor, which runs the kernels thread by thread, or, where the
/// environment variable <c>ATTEND_TEST_DEVICE</c> names one (<c>cuda</c>, <c>opencl</c>), that one instead.
/// </summary>
internal static class TestDevice
{
    /// <summary>Whether the variable names one.</summary>
    public static bool IsNamed => Environment.GetEnvironmentVariable("ATTEND_TEST_DEVICE") is not null;

    public static DeviceChoice Choice
    {
        get
        {
            string name = Environment.GetEnvironmentVariable("ATTEND_TEST_DEVICE") ?? "ilgpu-cpu";
            Assert.True(DeviceChoice.TryParse(name, out DeviceChoice choice), $"ATTEND_TEST_DEVICE is '{name}'.");
            return choice;
        }
    }

    public static AttentionDevice Get() => AttentionDevices.Find(Choice).Device!;
}
