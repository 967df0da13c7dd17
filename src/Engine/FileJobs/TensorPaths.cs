namespace Distributed.Engine.FileJobs;

/// <summary>Where a job's tensors are: q, k and v in one file or in three, others beside them or in files of their own.</summary>
public sealed record TensorPaths
{
    private TensorPaths(string? together, string? q, string? k, string? v)
    {
        Together = together;
        Q = q;
        K = k;
        V = v;
    }

    /// <summary>The file that holds all three; null when each has its own.</summary>
    public string? Together { get; }

    /// <summary>The file of q; null when there is one file for all.</summary>
    public string? Q { get; }

    /// <summary>The file of k; null when there is one file for all, or no k (location-based scores).</summary>
    public string? K { get; }

    /// <summary>The file of v; null when there is one file for all.</summary>
    public string? V { get; }

    /// <summary>Optional tensors in files of their own.</summary>
    public IReadOnlyList<TensorPlace> Others { get; init; } = [];

    /// <summary>Every file, once.</summary>
    public IReadOnlyList<string> All =>
    [
        .. new[] { Together, Q, K, V }.OfType<string>().Concat(Others.Select(other => other.File)).Distinct(),
    ];

    /// <summary>One file that holds tensors of the names q, k and v.</summary>
    public static TensorPaths InOneFile(string path) => new(path, null, null, null);

    /// <summary>A file for each; each holds one tensor, or several of which one has the name q, k or v.</summary>
    /// <param name="q">The file of q.</param>
    /// <param name="k">The file of k; null = there is no k, as with location-based scores.</param>
    /// <param name="v">The file of v.</param>
    public static TensorPaths Separate(string q, string? k, string v) => new(null, q, k, v);

    /// <summary>The same with every path replaced.</summary>
    public TensorPaths Select(Func<string, string> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        TensorPaths paths = Together is not null ? InOneFile(path(Together)) : Separate(path(Q!), K is null ? null : path(K), path(V!));
        return paths with { Others = [.. Others.Select(other => other with { File = path(other.File) })] };
    }
}

/// <summary>An optional tensor in a file of its own.</summary>
/// <param name="Name">The name by which a job knows it, e.g. <c>mask</c>.</param>
/// <param name="File">The file.</param>
/// <param name="Tensor">Its name in the file; null = the file holds one tensor, or one of the job's name.</param>
public sealed record TensorPlace(string Name, string File, string? Tensor = null)
{
    /// <summary>Reads <c>NAME=FILE</c> or <c>NAME=FILE:TENSOR</c>. A colon belongs to the file's name if there is such a file.</summary>
    /// <exception cref="InputException">It is neither, or a job knows no tensor of that name.</exception>
    public static TensorPlace Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('=', 2);
        if (parts.Length != 2 || parts[1].Length == 0)
            throw new InputException($"Tensor '{text}' is not known; NAME=FILE or NAME=FILE:TENSOR is expected.");
        RequireKnown(parts[0]);
        int colon = parts[1].LastIndexOf(':');
        return colon <= 0 || colon == parts[1].Length - 1 || System.IO.File.Exists(parts[1])
            ? new TensorPlace(parts[0], parts[1])
            : new TensorPlace(parts[0], parts[1][..colon], parts[1][(colon + 1)..]);
    }

    /// <summary>Refuses names that no optional tensor has.</summary>
    /// <exception cref="InputException">It is such a name.</exception>
    internal static void RequireKnown(string name)
    {
        if (!OptionalTensors.All.Contains(name))
            throw new InputException($"Tensor '{name}' is none that a job knows; {string.Join(", ", OptionalTensors.All)} are.");
    }
}
