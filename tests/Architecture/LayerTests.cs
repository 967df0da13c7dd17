namespace Distributed.Architecture.Tests;

/// <summary>Imports point downwards only: in the project files, and in what the compiler made of them.</summary>
public sealed class LayerTests
{
    public static TheoryData<string> Names => [.. Layer.All.Select(layer => layer.Name)];

    [Fact]
    public void EveryProjectInSrcIsALayer()
    {
        string[] projects = [.. Repository.Files("src", "*.csproj")];
        string[] layers = [.. Layer.All.Select(layer => layer.Project).Order(StringComparer.Ordinal)];
        Assert.True(projects.SequenceEqual(layers),
            $"src holds {string.Join(", ", projects)}, but the layers are {string.Join(", ", layers)}: "
            + "a new project needs its place in Layer.All.");
    }

    [Fact]
    public void TheLayersStandInOrder()
    {
        List<string> below = [];
        foreach (Layer layer in Layer.All)
        {
            string[] above = [.. layer.MayImport.Except(below)];
            Assert.True(above.Length == 0, $"{layer.Name} may not import {string.Join(", ", above)}: it stands above.");
            below.Add(layer.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AProjectReferencesOnlyLayersBelowIt(string name)
    {
        Layer layer = Layer.Named(name);
        string[] forbidden = [.. Repository.Items(layer.Project, "ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
            .Except(layer.MayImport)];
        Assert.True(forbidden.Length == 0, Complaint(layer, forbidden, "references the project"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AProjectReferencesNoPackageOfAnotherLayer(string name)
    {
        Layer layer = Layer.Named(name);
        IReadOnlyList<string> forbidden = layer.Violations(Repository.Items(layer.Project, "PackageReference")
            .Where(package => package != "System.Numerics.Tensors" || name == "Silo"));
        Assert.True(forbidden.Count == 0, Complaint(layer, forbidden, "references the package"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnAssemblyUsesOnlyLayersBelowIt(string name)
    {
        Layer layer = Layer.Named(name);
        string[] forbidden = [.. new CompiledAssembly(layer.AssemblyFile).References
            .Where(reference => reference.StartsWith("Distributed.", StringComparison.Ordinal))
            .Select(reference => reference["Distributed.".Length..])
            .Except(layer.MayImport)];
        Assert.True(forbidden.Length == 0, Complaint(layer, forbidden, "uses the assembly"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnAssemblyUsesNothingItMustNotKnow(string name)
    {
        Layer layer = Layer.Named(name);
        IReadOnlyList<string> forbidden = layer.Violations(new CompiledAssembly(layer.AssemblyFile).UsedTypes);
        Assert.True(forbidden.Count == 0, Complaint(layer, forbidden, "uses"));
    }

    /// <summary>The checks above would see a violation: the silo does use ASP.NET, which Engine must not.</summary>
    [Fact]
    public void TheSilosUseOfAspNetWouldBeSeenInTheEngine()
    {
        CompiledAssembly silo = new(Layer.Named("Silo").AssemblyFile);
        Assert.Contains(Layer.Named("Engine").Violations(silo.UsedTypes),
            violation => violation.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal));
    }

    private static string Complaint(Layer layer, IEnumerable<string> forbidden, string what) =>
        $"{layer.Name} {what} {string.Join(", ", forbidden)}; it may import "
        + $"{(layer.MayImport.Length == 0 ? "no other layer" : string.Join(", ", layer.MayImport))}.";
}
