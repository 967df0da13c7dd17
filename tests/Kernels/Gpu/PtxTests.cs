using System.Diagnostics;
using ILGPU.Backends.PTX;
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
            foreach (string name in DeviceKernels.Cuda.Keys)
            {
                data.Add(name, 80);
                data.Add(name, 90);
            }
            return data;
        }
    }

    /// <remarks>
    /// Memory of a thread's own (.local) is where a compiler puts arrays with an index and what finds no register; whether NVIDIA's
    /// assembler finds registers for all is asked where it is at hand.
    /// </remarks>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void It_compiles_and_keeps_nothing_in_local_memory(string name, int architecture)
    {
        DeviceKernels.Entry entry = DeviceKernels.Cuda[name];
        CudaArchitecture target = architecture == 80 ? CudaArchitecture.SM_80 : CudaArchitecture.SM_90;
        string ptx = ((PTXCompiledKernel)DeviceKernels.Compile(
            entry, context => new PTXBackend(context, new CudaCapabilityContext(target), target, CudaInstructionSet.ISA_78, nvvmAPI: null!))).PTXAssembly;
        // ILGPU writes for sm_80 at most; the driver goes on from there.
        Assert.Contains(".target sm_80", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
        string unrolled = name.StartsWith("tensor", StringComparison.Ordinal) ? "mma.sync" : "fma.rn.f32";
        if (entry.Threads > 0)
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
}
