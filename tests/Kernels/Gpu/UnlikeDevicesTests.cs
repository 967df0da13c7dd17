using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Numerics;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>Where unlike devices share a job, each takes a kernel with the bits of the CPU, or none.</summary>
public sealed class UnlikeDevicesTests
{
    private static readonly DeviceShape Shape = new(16, 16, 64, 1, 0.25, ElementType.BF16, ElementType.BF16, ElementType.BF16, Staged: false);

    [Fact]
    public void Tensor_cores_are_for_rings_of_like_devices()
    {
        using IlgpuDevice device = Device(ieee: true);
        using DeviceJob among = device.Open(Shape), alone = device.Open(Shape with { SameBits = false });
        using DeviceJob mixed = device.Open(Shape with { SameBits = true });

        Assert.False(among.SameBitsAsCpu);
        Assert.False(alone.SameBitsAsCpu);
        Assert.True(mixed.SameBitsAsCpu);
    }

    [Fact]
    public void A_device_without_the_bits_of_the_CPU_is_refused_there()
    {
        using IlgpuDevice device = Device(ieee: false);

        DeviceException refused = Assert.Throws<DeviceException>(() => device.Open(Shape with { SameBits = true }));
        Assert.Equal("Device a device has not the bits of the CPU, and unlike devices share this job.", refused.Message);
    }

    private static IlgpuDevice Device(bool ieee)
    {
        Context context = IlgpuDevice.NewContext(builder => builder.CPU(new CPUDevice(32, 4, 1)));
        return new IlgpuDevice("a device", context, context.GetCPUDevice(0).CreateCPUAccelerator(context)) { Ieee = ieee, HasTensorCores = true };
    }
}
