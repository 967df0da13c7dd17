using System.Reflection;

namespace Distributed.Kernels.Tests;

/// <summary>What the build says it left out is what is missing.</summary>
public sealed class KernelsAssemblyTests
{
    [Fact]
    public void HasIlgpuExactlyWhenIlgpuIsBesideIt()
    {
        bool there = File.Exists(Path.Combine(AppContext.BaseDirectory, "ILGPU.dll"));
        Assert.True(KernelsAssembly.HasIlgpu == there,
            $"KernelsAssembly.HasIlgpu is {KernelsAssembly.HasIlgpu}, but ILGPU.dll is {(there ? "" : "not ")}in the output.");
    }

    [Fact]
    public void IlgpuLoadsWhereItIs()
    {
        Assert.SkipUnless(KernelsAssembly.HasIlgpu, "This build has no ILGPU.");
        Assert.NotNull(Assembly.Load("ILGPU").GetType("ILGPU.Context"));
    }
}
