using Distributed.Kernels.Gpu.Exact;
using Distributed.Kernels.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>The compiled tensor-core kernels of one device; compiled when they are first asked for.</summary>
internal sealed class TensorLaunchers(Accelerator accelerator)
{
    private readonly Lazy<Action<AcceleratorStream, KernelConfig, TensorArguments>> _bf16 = new(() => Load<TensorBF16>(accelerator));
    private readonly Lazy<Action<AcceleratorStream, KernelConfig, TensorArguments>> _f16 = new(() => Load<TensorF16>(accelerator));

    /// <summary>The fold of an element type.</summary>
    public Action<AcceleratorStream, KernelConfig, TensorArguments> Fold(ElementType type) => type == ElementType.BF16 ? _bf16.Value : _f16.Value;

    private static Action<AcceleratorStream, KernelConfig, TensorArguments> Load<TElements>(Accelerator accelerator)
        where TElements : struct, ITensorElements => accelerator.LoadKernel<TensorArguments>(
            TensorKernel.Fold<TElements>, new KernelSpecialization(TensorKernel.Threads, ExactLaunchers.GroupsPerMultiprocessor));
}
