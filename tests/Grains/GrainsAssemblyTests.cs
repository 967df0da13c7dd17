using System.Reflection;

namespace Distributed.Grains.Tests;

/// <summary>What the build says it left out is what is missing.</summary>
public sealed class GrainsAssemblyTests
{
    [Fact]
    public void HasOrleansExactlyWhenOrleansIsBesideIt()
    {
        bool there = File.Exists(Path.Combine(AppContext.BaseDirectory, "Orleans.Core.dll"));
        Assert.True(GrainsAssembly.HasOrleans == there,
            $"GrainsAssembly.HasOrleans is {GrainsAssembly.HasOrleans}, but Orleans.Core.dll is {(there ? "" : "not ")}in the output.");
    }

    [Fact]
    public void OrleansLoadsWhereItIs()
    {
        Assert.SkipUnless(GrainsAssembly.HasOrleans, "This build has no Orleans.");
        Assert.NotNull(Assembly.Load("Orleans.Core.Abstractions").GetType("Orleans.IGrain"));
    }
}
