using Distributed.Engine.FileJobs.Specification;
using Distributed.Kernels.Devices;

namespace Distributed.Engine.Devices;

/// <summary>Finds the device that an option or a setting asks for.</summary>
public static class DeviceLookup
{
    /// <summary>Looks, the first time that it is asked for; later answers are the same.</summary>
    /// <exception cref="InputException">It was asked for by name and cannot be had; the message says why.</exception>
    public static DeviceSearch Find(DeviceChoice choice)
    {
        try
        {
            return AttentionDevices.Find(choice);
        }
        catch (DeviceException error)
        {
            throw new InputException(error.Message, error);
        }
    }

    /// <summary>What there is of the device that a setting asks for, for people.</summary>
    /// <exception cref="InputException">There is no such word, or the device cannot be had.</exception>
    public static string Describe(string choice) => Describe(Find(Names.Device(choice)));

    /// <summary>What a search found and passed over, for people.</summary>
    public static string Describe(DeviceSearch search)
    {
        ArgumentNullException.ThrowIfNull(search);
        return string.Join(' ', search.Notes.Prepend($"Tiles are folded on {search.Device?.Name ?? "the CPU"}."));
    }
}
