using System.Reflection;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR.Intrinsics;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>
/// Tells ILGPU what the operations of <see cref="DeviceMath"/> and <see cref="TensorCore"/> become in a device's code. PTX has
/// an instruction for each; OpenCL C has a function or an operator for those of <see cref="DeviceMath"/>. ILGPU's own processor
/// runs them as they are written.
/// </summary>
internal static class DeviceIntrinsics
{
    /// <summary>Tells a context of them.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        foreach (string operation in new[] { nameof(DeviceMath.Fma), nameof(DeviceMath.Multiply), nameof(DeviceMath.Divide) })
        {
            Map(manager, typeof(DeviceMath), operation, new PTXIntrinsic(typeof(PtxOperations), operation, IntrinsicImplementationMode.GenerateCode));
            Map(manager, typeof(DeviceMath), operation, new CLIntrinsic(typeof(ClOperations), operation, IntrinsicImplementationMode.GenerateCode));
        }
        foreach (string operation in new[]
        {
            nameof(TensorCore.MultiplyBF16), nameof(TensorCore.MultiplyF16), nameof(TensorCore.PairBF16), nameof(TensorCore.PairF16), nameof(TensorCore.Exp2),
            nameof(TensorCore.Load), nameof(TensorCore.LoadTurned), nameof(TensorCore.Copy), nameof(TensorCore.EndCopies), nameof(TensorCore.AwaitCopiesButLast),
        })
            Map(manager, typeof(TensorCore), operation, new PTXIntrinsic(typeof(PtxOperations), operation, IntrinsicImplementationMode.GenerateCode));
    }

    private static void Map(IntrinsicImplementationManager manager, Type type, string name, IntrinsicImplementation implementation) => manager.RegisterMethod(
        type.GetMethod(name, BindingFlags.Public | BindingFlags.Static) ?? throw new MissingMethodException(type.FullName, name), implementation);
}
