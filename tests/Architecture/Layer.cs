namespace Distributed.Architecture.Tests;

/// <summary>Something a layer must not know, by the beginning of a namespace or package name.</summary>
internal sealed record Secret(string Prefix, string Why);

/// <summary>One project of <c>src</c>: what it may import and what it must not know.</summary>
internal sealed record Layer(string Name, string[] MayImport, Secret[] MustNotKnow)
{
    private static readonly Secret Orleans = new("Orleans", "Orleans belongs to Grains and Silo");
    private static readonly Secret OrleansPackages = new("Microsoft.Orleans", "Orleans belongs to Grains and Silo");
    private static readonly Secret AspNet = new("Microsoft.AspNetCore", "ASP.NET belongs to Silo");
    private static readonly Secret Http = new("System.Net.Http", "HTTP belongs to Silo and Client");
    private static readonly Secret Gpu = new("ILGPU", "GPU kernels belong to Kernels");

    /// <summary>The layers from the bottom up; each may import only what stands before it.</summary>
    public static IReadOnlyList<Layer> All { get; } =
    [
        new("Kernels", [],
        [
            Orleans, OrleansPackages, AspNet, Http,
            new("System.IO", "files belong to Engine"),
            new("System.Net", "the network belongs to Grains and Silo"),
            new("System.Threading.Tasks", "async and jobs belong to Engine"),
        ]),
        new("Engine", ["Kernels"], [Orleans, OrleansPackages, AspNet, Http, Gpu]),
        new("Telemetry", ["Engine"], [Orleans, OrleansPackages, AspNet, Http, Gpu]),
        new("Grains", ["Kernels", "Engine"], [AspNet, Http, Gpu]),
        new("Silo", ["Engine", "Telemetry", "Grains"],
        [
            Gpu,
            new("Distributed.Kernels", "the silo hosts; numbers are for Kernels and Engine"),
            new("System.Numerics.Tensors", "the silo hosts; numbers are for Kernels and Engine"),
            new("System.Runtime.Intrinsics", "the silo hosts; numbers are for Kernels and Engine"),
        ]),
        new("Client", [], [Orleans, OrleansPackages, AspNet, Gpu]),
        new("Cli", ["Kernels", "Engine", "Telemetry", "Client"], [Orleans, OrleansPackages, AspNet, Gpu]),
    ];

    public string Project => $"src/{Name}/{Name}.csproj";

    public string AssemblyFile =>
        Path.Combine(AppContext.BaseDirectory, Name == "Cli" ? "attend.dll" : $"Distributed.{Name}.dll");

    public static Layer Named(string name) => All.Single(layer => layer.Name == name);

    /// <summary>The names among <paramref name="used"/> that this layer must not know, each with the reason.</summary>
    public IReadOnlyList<string> Violations(IEnumerable<string> used) =>
        [.. from name in used
            from secret in MustNotKnow
            where name == secret.Prefix || name.StartsWith(secret.Prefix + ".", StringComparison.Ordinal)
            select $"{name} ({secret.Why})"];
}
