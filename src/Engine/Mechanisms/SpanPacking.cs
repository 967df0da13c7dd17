using Distributed.Engine.Plan;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Mechanisms;

/// <summary>A key span in the order in which the kernel of a job reads it.</summary>
/// <param name="kernel">The kernel.</param>
/// <param name="withValues">Whether the mechanism folds values too.</param>
internal sealed unsafe class SpanPacking(CpuKernel kernel, bool withValues)
{
    /// <summary>The packing of a job.</summary>
    public static SpanPacking Of(JobPlan plan, CpuKernel kernel) =>
        new(plan.Scores.KernelOver(kernel, 0), withValues: plan.Mechanism.Kind != MechanismKind.Hard);

    /// <summary>Bytes of a packed span.</summary>
    public nuint Bytes(int keys, int keyDim, int valueDim) =>
        NativeBuffer.Aligned(kernel.KeyBytes(keys, keyDim)) + (withValues ? NativeBuffer.Aligned(kernel.ValueBytes(keys, valueDim)) : 0);

    /// <summary>Packs prepared keys and their values.</summary>
    public (PackedKeys Keys, PackedValues Values) Pack(TensorRows keys, TensorRows values, byte* memory) => (
        kernel.PackKeys(keys, memory),
        withValues ? kernel.PackValues(values, memory + NativeBuffer.Aligned(kernel.KeyBytes(keys.Count, keys.Dim))) : default);
}
