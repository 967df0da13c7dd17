using System.Collections.Concurrent;

namespace Distributed.Kernels.Devices;

/// <summary>The devices of this machine that can fold tiles. One that was found stays open for the process's later jobs.</summary>
public static class AttentionDevices
{
    private static readonly ConcurrentDictionary<DeviceChoice, Lazy<DeviceSearch>> Found = [];

    /// <summary>
    /// Looks for the device asked for and tests it on a small problem against the CPU. Asking again gives the same answer
    /// without looking.
    /// </summary>
    /// <exception cref="DeviceException">A device was asked for by name and cannot be had; the message says why.</exception>
    public static DeviceSearch Find(DeviceChoice choice) =>
        Found.GetOrAdd(choice, wanted => new Lazy<DeviceSearch>(() => Look(wanted))).Value;

    private static DeviceSearch Look(DeviceChoice choice)
    {
        if (choice.Kind == DeviceKind.Cpu)
            return new DeviceSearch(null, []);
#if HAS_ILGPU
        return Gpu.Hosting.DeviceFinder.Find(choice);
#else
        const string Left = "this build has no GPU kernels, because ILGPU was not on the package feed";
        return choice.Kind == DeviceKind.Auto
            ? new DeviceSearch(null, [$"GPUs were not looked for: {Left}."])
            : throw new DeviceException($"Device {choice} cannot be used: {Left}.");
#endif
    }
}

/// <summary>What a search for a device found.</summary>
/// <param name="Device">The device; null = the CPU.</param>
/// <param name="Notes">One sentence for each thing found or passed over, and why.</param>
public sealed record DeviceSearch(AttentionDevice? Device, IReadOnlyList<string> Notes);
