using Distributed.Kernels.Gpu.Arithmetic;
using ILGPU;

namespace Distributed.Kernels.Gpu.Packing;

/// <summary>Elements of a tensor as F32, on a device.</summary>
internal interface IDeviceElements
{
    /// <summary>One element; exact.</summary>
    static abstract float Load(ArrayView<byte> from, int index);
}

/// <summary>F32.</summary>
internal readonly struct DeviceF32 : IDeviceElements
{
    public static float Load(ArrayView<byte> from, int index) => from.Cast<float>()[index];
}

/// <summary>F16.</summary>
internal readonly struct DeviceF16 : IDeviceElements
{
    public static float Load(ArrayView<byte> from, int index) => DeviceMath.FromF16(from.Cast<ushort>()[index]);
}

/// <summary>BF16: the upper half of an F32.</summary>
internal readonly struct DeviceBF16 : IDeviceElements
{
    public static float Load(ArrayView<byte> from, int index) => Interop.IntAsFloat((uint)from.Cast<ushort>()[index] << 16);
}
