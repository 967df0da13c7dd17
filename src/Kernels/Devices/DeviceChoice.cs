using System.Globalization;

namespace Distributed.Kernels.Devices;

/// <summary>Which kind of device is to fold tiles.</summary>
public enum DeviceKind
{
    /// <summary>A GPU if one is found that works, CUDA before OpenCL; else the CPU.</summary>
    Auto,

    /// <summary>The CPU kernels.</summary>
    Cpu,

    /// <summary>A GPU through the CUDA driver.</summary>
    Cuda,

    /// <summary>A device through OpenCL.</summary>
    OpenCl,

    /// <summary>
    /// The GPU kernels run on the CPU, thread by thread, by ILGPU: very slow, and for tests. It is never chosen by
    /// <see cref="Auto"/>.
    /// </summary>
    Emulated,
}

/// <summary>A device asked for: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>opencl</c> or <c>ilgpu-cpu</c>, the GPUs also with a number.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Index">Which of the devices of that kind, counted from 0; null = the first that works.</param>
public readonly record struct DeviceChoice(DeviceKind Kind, int? Index = null)
{
    /// <summary>What can be written, for error messages.</summary>
    public const string Expected = "auto, cpu, cuda, cuda:N, opencl or opencl:N";

    /// <summary>A GPU if there is one.</summary>
    public static DeviceChoice Auto => new(DeviceKind.Auto);

    /// <summary>The CPU.</summary>
    public static DeviceChoice Cpu => new(DeviceKind.Cpu);

    /// <summary>Reads a choice as it is written.</summary>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, out DeviceChoice choice)
    {
        ArgumentNullException.ThrowIfNull(text);
        choice = default;
        string[] parts = text.Split(':');
        DeviceKind? kind = parts[0] switch
        {
            "auto" => DeviceKind.Auto,
            "cpu" => DeviceKind.Cpu,
            "cuda" => DeviceKind.Cuda,
            "opencl" => DeviceKind.OpenCl,
            "ilgpu-cpu" => DeviceKind.Emulated,
            _ => null,
        };
        if (kind is null || parts.Length > 2)
            return false;
        if (parts.Length == 1)
        {
            choice = new DeviceChoice(kind.Value);
            return true;
        }
        if (kind is not (DeviceKind.Cuda or DeviceKind.OpenCl)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return false;
        choice = new DeviceChoice(kind.Value, index);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string kind = Kind switch
        {
            DeviceKind.Auto => "auto",
            DeviceKind.Cpu => "cpu",
            DeviceKind.Cuda => "cuda",
            DeviceKind.OpenCl => "opencl",
            _ => "ilgpu-cpu",
        };
        return Index is { } index ? string.Create(CultureInfo.InvariantCulture, $"{kind}:{index}") : kind;
    }
}
