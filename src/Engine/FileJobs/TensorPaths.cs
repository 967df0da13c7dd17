namespace Distributed.Engine.FileJobs;

/// <summary>Where a job's tensors are: in one file, or in three.</summary>
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

    /// <summary>The file of k; null when there is one file for all.</summary>
    public string? K { get; }

    /// <summary>The file of v; null when there is one file for all.</summary>
    public string? V { get; }

    /// <summary>Every file, once.</summary>
    public IReadOnlyList<string> All => Together is not null ? [Together] : [.. new[] { Q!, K!, V! }.Distinct()];

    /// <summary>One file that holds tensors of the names q, k and v.</summary>
    public static TensorPaths InOneFile(string path) => new(path, null, null, null);

    /// <summary>A file for each; each holds one tensor, or several of which one has the name q, k or v.</summary>
    public static TensorPaths Separate(string q, string k, string v) => new(null, q, k, v);

    /// <summary>The same with every path replaced.</summary>
    public TensorPaths Select(Func<string, string> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Together is not null ? InOneFile(path(Together)) : Separate(path(Q!), path(K!), path(V!));
    }
}
