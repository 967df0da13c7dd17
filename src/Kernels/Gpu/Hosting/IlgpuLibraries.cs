using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>
/// Helps ILGPU to find the drivers on Linux: it asks for <c>libcuda.so</c> and <c>libOpenCL.so</c>, which come with
/// development packages, where a machine that only runs programs has the names with a version.
/// </summary>
internal static class IlgpuLibraries
{
    private static readonly Lazy<bool> Resolver = new(() =>
    {
        NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
        return true;
    });

    /// <summary>Puts the names in force; more calls change nothing.</summary>
    public static void Resolve() => _ = Resolver.Value;

    /// <summary>The names tried for a driver, the first that loads is taken.</summary>
    public static IReadOnlyList<string> NamesOf(string library) => library switch
    {
        "cuda" or "libcuda" or "libcuda.so" => ["libcuda.so.1", "libcuda.so"],
        "OpenCL" or "libOpenCL" or "libOpenCL.so" => ["libOpenCL.so.1", "libOpenCL.so"],
        _ => [],
    };

    /// <summary>Whether a driver's library is on this machine.</summary>
    public static bool IsThere(string library)
    {
        foreach (string name in NamesOf(library))
        {
            if (NativeLibrary.TryLoad(name, out _))
                return true;
        }
        return false;
    }

    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path)
    {
        foreach (string name in OperatingSystem.IsLinux() ? NamesOf(library) : [])
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
                return handle;
        }
        return 0;
    }
}
