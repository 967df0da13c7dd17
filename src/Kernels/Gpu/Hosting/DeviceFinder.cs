using Distributed.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>Finds a device through ILGPU, and tests it before it is used.</summary>
internal static class DeviceFinder
{
    /// <summary>Looks for the device.</summary>
    /// <exception cref="DeviceException">It was asked for by name and cannot be had.</exception>
    public static DeviceSearch Find(DeviceChoice choice)
    {
        var notes = new List<string>();
        AttentionDevice? device = choice.Kind switch
        {
            DeviceKind.Cuda => FirstCuda(choice, notes),
            DeviceKind.OpenCl => FirstOpenCl(choice, notes),
            DeviceKind.Emulated => FirstEmulated(notes),
            _ => FirstCuda(choice, notes) ?? FirstOpenCl(choice, notes),
        };
        if (device is null && choice.Kind != DeviceKind.Auto)
            throw new DeviceException($"Device {choice} cannot be used: {string.Join(' ', notes)}".TrimEnd('.') + ".");
        return new DeviceSearch(device, notes);
    }

    private static IlgpuDevice? FirstCuda(DeviceChoice choice, List<string> notes) => First(
        "cuda", "libcuda", "CUDA", choice.Index, notes, builder => builder.Cuda(),
        context => [.. context.GetCudaDevices()],
        device => device is CudaDevice { Architecture: { } architecture } && architecture < CudaArchitecture.SM_60
            ? $"its compute capability {architecture} is below 6.0" : null);

    // A processor that is driven through OpenCL is slower there than with the CPU kernels: it must be asked for.
    private static IlgpuDevice? FirstOpenCl(DeviceChoice choice, List<string> notes) => First(
        "opencl", "libOpenCL", "OpenCL", choice.Index, notes, builder => builder.OpenCL(_ => true),
        context => [.. context.GetCLDevices()],
        device => device is not CLDevice cl ? null
            : !cl.Capabilities.GenericAddressSpace ? "it has no generic address space, which ILGPU needs"
            : choice.Kind == DeviceKind.Auto && !cl.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU) ? "it is no GPU"
            : !cl.Capabilities.Float64 ? "it has no F64 arithmetic, with which queries are scaled"
            : cl.MaxSharedMemoryPerGroup < Exact.ExactKernel.SharedBytes
                ? $"a group has {cl.MaxSharedMemoryPerGroup} bytes of shared memory, and {Exact.ExactKernel.SharedBytes} are needed"
            : cl.MaxNumThreadsPerGroup < Exact.ExactKernel.Threads ? $"it runs {cl.MaxNumThreadsPerGroup} threads a group, and {Exact.ExactKernel.Threads} are needed"
            : null);

    // Groups of 128 threads in warps of 32, one multiprocessor: what the kernels are written for.
    private static IlgpuDevice? FirstEmulated(List<string> notes) => Open(
        "ilgpu-cpu", 0, builder => builder.CPU(new CPUDevice(32, 4, 1)), context => [.. context.GetCPUDevices()], notes);

    private static IlgpuDevice? First(
        string kind, string library, string driver, int? index, List<string> notes, Action<Context.Builder> builder,
        Func<Context, Device[]> devices, Func<Device, string?> unfit)
    {
        IlgpuLibraries.Resolve();
        if (OperatingSystem.IsLinux() && !IlgpuLibraries.IsThere(library))
        {
            notes.Add($"No {driver} driver was found: none of {string.Join(", ", IlgpuLibraries.NamesOf(library))} loads.");
            return null;
        }
        Device[] there;
        try
        {
            using Context context = Context.Create(builder);
            there = devices(context);
        }
        catch (Exception error) when (error is AcceleratorException or NotSupportedException)
        {
            notes.Add($"The {driver} driver cannot be used: {error.Message.TrimEnd('.')}.");
            return null;
        }
        if (there.Length == 0 || index >= there.Length)
        {
            notes.Add(there.Length == 0 ? $"The {driver} driver has no device." : $"The {driver} driver has {there.Length} device{(there.Length == 1 ? "" : "s")}, and there is no {kind}:{index}.");
            return null;
        }
        for (int i = index ?? 0; i < (index is null ? there.Length : index + 1); i++)
        {
            if (unfit(there[i]) is { } reason)
                notes.Add($"Device {kind}:{i} ({there[i].Name}) was passed over: {reason}.");
            else if (Open(kind, i, builder, devices, notes) is { } device)
                return device;
        }
        return null;
    }

    private static IlgpuDevice? Open(
        string kind, int index, Action<Context.Builder> builder, Func<Context, Device[]> devices, List<string> notes)
    {
        Context? context = null;
        IlgpuDevice? device = null;
        string name = $"{kind}:{index}";
        try
        {
            context = IlgpuDevice.NewContext(builder);
            Device found = devices(context)[index];
            name = kind == "ilgpu-cpu" ? kind : $"{kind}:{index} ({found.Name})";
            device = new IlgpuDevice(name, context, found.CreateAccelerator(context));
            notes.Add(SelfTest.Run(device));
            return device;
        }
        catch (Exception error) when (error is DeviceException or AcceleratorException or InternalCompilerException or NotSupportedException)
        {
            notes.Add($"Device {name} was passed over: {error.Message.TrimEnd('.')}.");
            if (device is not null)
                device.Dispose();
            else
                context?.Dispose();
            return null;
        }
    }
}
