using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Distributed.Architecture.Tests;

/// <summary>What an assembly uses, read from its metadata without loading it.</summary>
internal sealed class CompiledAssembly
{
    public CompiledAssembly(string file)
    {
        using PEReader image = new(File.OpenRead(file));
        MetadataReader metadata = image.GetMetadataReader();
        References = [.. metadata.AssemblyReferences
            .Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))
            .Order(StringComparer.Ordinal)];
        UsedTypes = [.. metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Where(type => type.ResolutionScope.Kind == HandleKind.AssemblyReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .Where(name => !CompilerMade(name))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>Names of the assemblies that are really used; the compiler drops the others.</summary>
    public IReadOnlyList<string> References { get; }

    /// <summary>Full names of the outer types of other assemblies that are used.</summary>
    public IReadOnlyList<string> UsedTypes { get; }

    // Source generators and the compiler mark assemblies; a mark is no knowledge.
    private static bool CompilerMade(string name) => name.EndsWith("Attribute", StringComparison.Ordinal);
}
