using System.Reflection;
using Distributed.Kernels.Gpu.Exact;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Gpu.Packing;
using Distributed.Kernels.Gpu.Tensor;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>Every kernel of a device by name, and its compilation where there is no device.</summary>
internal static class DeviceKernels
{
    /// <summary>Kernels of NVIDIA's processors, which have shuffles and tensor cores.</summary>
    public static IReadOnlyDictionary<string, Entry> Cuda { get; } = new Dictionary<string, Entry>(Exact<WideShape, TallShape>())
    {
        ["tensor bf16"] = Entry.Of(typeof(TensorKernel), nameof(TensorKernel.Fold), TensorKernel.Threads, typeof(TensorBF16)),
        ["tensor f16"] = Entry.Of(typeof(TensorKernel), nameof(TensorKernel.Fold), TensorKernel.Threads, typeof(TensorF16)),
    };

    /// <summary>Kernels of other devices.</summary>
    public static IReadOnlyDictionary<string, Entry> OpenCl { get; } = Exact<WithoutShuffles<WideShape>, WithoutShuffles<TallShape>>();

    /// <summary>Compiles a kernel.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="backend">Makes the compiler for a context; one that failed leaves its context unusable, so each kernel has its own.</param>
    public static CompiledKernel Compile(Entry entry, Func<Context, Backend> backend)
    {
        using Context context = IlgpuDevice.NewContext(builder => builder.CPU());
        using Backend compiler = backend(context);
        return entry.Threads > 0
            ? compiler.Compile(
                EntryPointDescription.FromExplicitlyGroupedKernel(entry.Method), new KernelSpecialization(entry.Threads, ExactLaunchers.GroupsPerMultiprocessor))
            : compiler.Compile(EntryPointDescription.FromImplicitlyGroupedKernel(entry.Method), KernelSpecialization.Empty);
    }

    private static Dictionary<string, Entry> Exact<TWide, TTall>()
        where TWide : struct, IExactShape
        where TTall : struct, IExactShape => new()
        {
            ["exact, 128 columns"] = Entry.Of(typeof(ExactKernel), nameof(ExactKernel.Fold), ExactKernel.Threads, typeof(TWide)),
            ["exact, 64 columns"] = Entry.Of(typeof(ExactKernel), nameof(ExactKernel.Fold), ExactKernel.Threads, typeof(TTall)),
            ["split scores"] = Entry.Of(typeof(SplitKernel), nameof(SplitKernel.Scores), ExactKernel.Threads, typeof(TTall)),
            ["split weights"] = Entry.Of(typeof(SplitKernel), nameof(SplitKernel.Weights), ExactKernel.Threads, typeof(TWide)),
            ["split shifts"] = Entry.Of(typeof(SplitKernel), nameof(SplitKernel.Shifts)),
            ["split sums"] = Entry.Of(typeof(SplitKernel), nameof(SplitKernel.Sums)),
            ["turn f32"] = Entry.Of(typeof(PackKernels), nameof(PackKernels.Turn), 0, typeof(DeviceF32)),
            ["turn f16"] = Entry.Of(typeof(PackKernels), nameof(PackKernels.Turn), 0, typeof(DeviceF16)),
            ["turn bf16"] = Entry.Of(typeof(PackKernels), nameof(PackKernels.Turn), 0, typeof(DeviceBF16)),
            ["turn as is"] = Entry.Of(typeof(PackKernels), nameof(PackKernels.TurnAsIs), 0, typeof(DeviceBF16)),
            ["widen"] = Entry.Of(typeof(PackKernels), nameof(PackKernels.Widen), 0, typeof(DeviceF16)),
        };

    /// <summary>A kernel.</summary>
    /// <param name="Method">Its method.</param>
    /// <param name="Threads">Threads of a group; 0 = as the device likes.</param>
    internal sealed record Entry(MethodInfo Method, int Threads)
    {
        /// <summary>A kernel by its class and name.</summary>
        public static Entry Of(Type type, string name, int threads = 0, Type? argument = null)
        {
            MethodInfo method = type.GetMethod(name, BindingFlags.Public | BindingFlags.Static) ?? throw new MissingMethodException(type.FullName, name);
            return new Entry(argument is null ? method : method.MakeGenericMethod(argument), threads);
        }
    }
}
