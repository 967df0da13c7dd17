using Distributed.Kernels.Gpu.Packing;
using Distributed.Kernels.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>The compiled kernels of one device, for F32 arithmetic; compiled when they are first asked for.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="shuffles">Whether its threads can read each other's registers (<see cref="IExactShape.Shuffles"/>).</param>
internal sealed class ExactLaunchers(Accelerator accelerator, bool shuffles)
{
    /// <summary>Groups that a multiprocessor is to hold: about 200 registers a thread, none of them spilled.</summary>
    public const int GroupsPerMultiprocessor = 2;

    private readonly Lazy<Action<AcceleratorStream, KernelConfig, FoldArguments>> _wide = new(() => shuffles ? Load<WideShape>(accelerator) : Load<WithoutShuffles<WideShape>>(accelerator));
    private readonly Lazy<Action<AcceleratorStream, KernelConfig, FoldArguments>> _tall = new(() => shuffles ? Load<TallShape>(accelerator) : Load<WithoutShuffles<TallShape>>(accelerator));
    private readonly Lazy<Packers> _f32 = new(() => Packers.Of<DeviceF32>(accelerator));
    private readonly Lazy<Packers> _f16 = new(() => Packers.Of<DeviceF16>(accelerator));
    private readonly Lazy<Packers> _bf16 = new(() => Packers.Of<DeviceBF16>(accelerator));

    private readonly Lazy<Splitters> _splitWide = new(() => shuffles ? Splitters.Of<WideShape>(accelerator) : Splitters.Of<WithoutShuffles<WideShape>>(accelerator));
    private readonly Lazy<Splitters> _splitTall = new(() => shuffles ? Splitters.Of<TallShape>(accelerator) : Splitters.Of<WithoutShuffles<TallShape>>(accelerator));

    /// <summary>The four launches of few rows, for 128 columns at a time, or for 64.</summary>
    public Splitters Split(bool wide) => wide ? _splitWide.Value : _splitTall.Value;

    /// <summary>The fold for 128 columns at a time, or for 64.</summary>
    public Action<AcceleratorStream, KernelConfig, FoldArguments> Fold(bool wide) => wide ? _wide.Value : _tall.Value;

    /// <summary>The packing of an element type.</summary>
    public Packers Pack(ElementType type) => type switch
    {
        ElementType.F32 => _f32.Value,
        ElementType.F16 => _f16.Value,
        _ => _bf16.Value,
    };

    private static Action<AcceleratorStream, KernelConfig, FoldArguments> Load<TShape>(Accelerator accelerator)
        where TShape : struct, IExactShape => accelerator.LoadKernel<FoldArguments>(
            ExactKernel.Fold<TShape>, new KernelSpecialization(ExactKernel.Threads, GroupsPerMultiprocessor));

    /// <summary>The packing kernels of one element type.</summary>
    /// <param name="Turn">Rows turned round, times a factor.</param>
    /// <param name="TurnAsIs">Rows turned round.</param>
    /// <param name="Widen">Rows in their order.</param>
    internal sealed record Packers(
        Action<AcceleratorStream, Index1D, ArrayView<byte>, ArrayView<float>, int, int, int, double> Turn,
        Action<AcceleratorStream, Index1D, ArrayView<byte>, ArrayView<float>, int, int, int> TurnAsIs,
        Action<AcceleratorStream, Index1D, ArrayView<byte>, ArrayView<float>, int, int> Widen)
    {
        /// <summary>Compiles them.</summary>
        public static Packers Of<TElements>(Accelerator accelerator)
            where TElements : struct, IDeviceElements => new(
                accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<byte>, ArrayView<float>, int, int, int, double>(PackKernels.Turn<TElements>),
                accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<byte>, ArrayView<float>, int, int, int>(PackKernels.TurnAsIs<TElements>),
                accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<byte>, ArrayView<float>, int, int>(PackKernels.Widen<TElements>));
    }

    /// <summary>The launches of <see cref="SplitKernel"/>.</summary>
    internal sealed record Splitters(
        Action<AcceleratorStream, KernelConfig, FoldArguments, SplitArguments> Scores,
        Action<AcceleratorStream, Index1D, FoldArguments, SplitArguments, int> Shifts,
        Action<AcceleratorStream, KernelConfig, FoldArguments, SplitArguments> Weights,
        Action<AcceleratorStream, Index1D, FoldArguments, SplitArguments, int> Sums)
    {
        /// <summary>Compiles them.</summary>
        public static Splitters Of<TShape>(Accelerator accelerator)
            where TShape : struct, IExactShape
        {
            var specialization = new KernelSpecialization(ExactKernel.Threads, GroupsPerMultiprocessor);
            return new Splitters(
                accelerator.LoadKernel<FoldArguments, SplitArguments>(SplitKernel.Scores<TShape>, specialization),
                accelerator.LoadAutoGroupedKernel<Index1D, FoldArguments, SplitArguments, int>(SplitKernel.Shifts),
                accelerator.LoadKernel<FoldArguments, SplitArguments>(SplitKernel.Weights<TShape>, specialization),
                accelerator.LoadAutoGroupedKernel<Index1D, FoldArguments, SplitArguments, int>(SplitKernel.Sums));
        }
    }
}
