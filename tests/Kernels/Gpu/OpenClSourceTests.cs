using ILGPU.Backends.OpenCL;
using ILGPU.Runtime.OpenCL;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>Every F32 kernel becomes OpenCL C, also where there is no device.</summary>
public sealed class OpenClSourceTests
{
    public static TheoryData<string> Kernels => [.. DeviceKernels.OpenCl.Keys];

    /// <remarks>A device without an extension beside 64-bit numbers: no type for F16, and no groups of threads that read each other's registers.</remarks>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void It_compiles_for_a_device_without_extensions(string name)
    {
        DeviceKernels.Entry entry = DeviceKernels.OpenCl[name];
        string source = ((CLCompiledKernel)DeviceKernels.Compile(entry, context => new CLBackend(
            context, new CLCapabilityContext(float16: false, float64: true, genericAddressSpace: true, int64_Atomics: false, subGroups: false),
            CLDeviceVendor.Other, CLCVersion.CL20))).Source;
        Assert.Contains("kernel void", source, StringComparison.Ordinal);
        Assert.DoesNotContain("sub_group", source, StringComparison.Ordinal);
        // Written out, not a loop over an array.
        if (entry.Threads > 0)
            Assert.True(source.Split("fma").Length > 64, $"{name} has {source.Split("fma").Length - 1} of fma.");
    }
}
