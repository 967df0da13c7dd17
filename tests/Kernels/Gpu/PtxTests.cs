using System.Diagnostics;
using System.Reflection;
using Distributed.Kernels.Gpu.Exact;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Gpu.Packing;
using Distributed.Kernels.Gpu.Tensor;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>Every kernel becomes code for NVIDIA's processors, also where there is none.</summary>
public sealed class PtxTests
{
    public static TheoryData<string, int> Kernels
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string name in Methods.Keys)
            {
                data.Add(name, 80);
                data.Add(name, 90);
            }
            return data;
        }
    }

    private static Dictionary<string, (MethodInfo Method, int Threads)> Methods => new()
    {
        ["exact, 128 columns"] = (Generic(typeof(ExactKernel), nameof(ExactKernel.Fold), typeof(WideShape)), ExactKernel.Threads),
        ["exact, 64 columns"] = (Generic(typeof(ExactKernel), nameof(ExactKernel.Fold), typeof(TallShape)), ExactKernel.Threads),
        ["split scores"] = (Generic(typeof(SplitKernel), nameof(SplitKernel.Scores), typeof(TallShape)), ExactKernel.Threads),
        ["split weights"] = (Generic(typeof(SplitKernel), nameof(SplitKernel.Weights), typeof(WideShape)), ExactKernel.Threads),
        ["split shifts"] = (typeof(SplitKernel).GetMethod(nameof(SplitKernel.Shifts))!, 0),
        ["split sums"] = (typeof(SplitKernel).GetMethod(nameof(SplitKernel.Sums))!, 0),
        ["tensor bf16"] = (Generic(typeof(TensorKernel), nameof(TensorKernel.Fold), typeof(TensorBF16)), TensorKernel.Threads),
        ["tensor f16"] = (Generic(typeof(TensorKernel), nameof(TensorKernel.Fold), typeof(TensorF16)), TensorKernel.Threads),
        ["turn f32"] = (Generic(typeof(PackKernels), nameof(PackKernels.Turn), typeof(DeviceF32)), 0),
        ["turn f16"] = (Generic(typeof(PackKernels), nameof(PackKernels.Turn), typeof(DeviceF16)), 0),
        ["turn bf16"] = (Generic(typeof(PackKernels), nameof(PackKernels.Turn), typeof(DeviceBF16)), 0),
        ["turn as is"] = (Generic(typeof(PackKernels), nameof(PackKernels.TurnAsIs), typeof(DeviceBF16)), 0),
        ["widen"] = (Generic(typeof(PackKernels), nameof(PackKernels.Widen), typeof(DeviceF16)), 0),
    };

    /// <remarks>
    /// Memory of a thread's own (.local) is where a compiler puts arrays with an index and what finds no register; whether NVIDIA's
    /// assembler finds registers for all is asked where it is at hand.
    /// </remarks>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void It_compiles_and_keeps_nothing_in_local_memory(string name, int architecture)
    {
        (MethodInfo method, int threads) = Methods[name];
        string ptx = Compile(method, threads, architecture == 80 ? CudaArchitecture.SM_80 : CudaArchitecture.SM_90);
        // ILGPU writes for sm_80 at most; the driver goes on from there.
        Assert.Contains(".target sm_80", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
        string unrolled = name.StartsWith("tensor", StringComparison.Ordinal) ? "mma.sync" : "fma.rn.f32";
        if (threads > 0)
            Assert.True(ptx.Split(unrolled).Length > 64, $"{name} has {ptx.Split(unrolled).Length - 1} of {unrolled}.");
        if (Assembler() is { } assembler)
            Assert.Matches("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads", Assemble(assembler, ptx, architecture));
    }

    /// <summary>NVIDIA's assembler: what <c>ATTEND_PTXAS</c> names, or <c>ptxas</c> on the path; null = none.</summary>
    private static string? Assembler() => Environment.GetEnvironmentVariable("ATTEND_PTXAS") ?? (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);

    private static string Assemble(string assembler, string ptx, int architecture)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ptx);
            using Process process = Process.Start(new ProcessStartInfo(assembler, ["-v", $"-arch=sm_{architecture}", "-o", "/dev/null", file])
            {
                RedirectStandardError = true,
            })!;
            string said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{assembler} ended with {process.ExitCode}: {said}");
            return said;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Compile(MethodInfo method, int threads, CudaArchitecture architecture)
    {
        // One that failed leaves its context unusable, so each kernel has its own.
        using Context context = IlgpuDevice.NewContext(builder => builder.CPU());
        using var backend = new PTXBackend(context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_78, nvvmAPI: null!);
        EntryPointDescription entry = threads > 0
            ? EntryPointDescription.FromExplicitlyGroupedKernel(method)
            : EntryPointDescription.FromImplicitlyGroupedKernel(method);
        KernelSpecialization specialization = threads > 0
            ? new KernelSpecialization(threads, ExactLaunchers.GroupsPerMultiprocessor)
            : KernelSpecialization.Empty;
        return ((PTXCompiledKernel)backend.Compile(entry, specialization)).PTXAssembly;
    }

    private static MethodInfo Generic(Type type, string name, Type argument) =>
        type.GetMethod(name, BindingFlags.Public | BindingFlags.Static)!.MakeGenericMethod(argument);
}
