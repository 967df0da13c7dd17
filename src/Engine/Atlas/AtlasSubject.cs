using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Atlas;

/// <summary>What an atlas shows: the files of a finished job, open, and the texts of its rows where it is one of a document.</summary>
public sealed class AtlasSubject : IDisposable
{
    private readonly IReadOnlyList<IDisposable> _open;
    private readonly float[]? _logSumExp;

    internal AtlasSubject(
        string name, JobWeights weights, float[]? logSumExp, IReadOnlyList<AtlasPassage>? passages, IReadOnlyList<IDisposable> open)
    {
        (Name, Weights, _logSumExp, Passages, _open) = (name, weights, logSumExp, passages, open);
    }

    /// <summary>What to call it.</summary>
    public string Name { get; }

    /// <summary>The job's weights.</summary>
    public JobWeights Weights { get; }

    /// <summary>The passages that rows and keys are; null where they are no passages.</summary>
    public IReadOnlyList<AtlasPassage>? Passages { get; }

    /// <summary>Opens what a job left: its output file, or the folder of a document's files.</summary>
    /// <exception cref="InputException">It is neither, or an input of the job cannot be found.</exception>
    public static AtlasSubject Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path) || Path.GetFileName(path) is DocumentFolder.Embeddings or DocumentFolder.Links)
            return DocumentFolder.Open(Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!);
        using TensorFile output = TensorFile.Open(path);
        if (output.Find("embeddings") is not null && output.Metadata.ContainsKey("exclude"))
            return DocumentFolder.OpenEmbeddings(path, null, Path.GetFileName(path));
        return Open(FinishedJob.Of(output), Path.GetFileName(path));
    }

    /// <summary>Opens a job over tensor files.</summary>
    /// <param name="job">The job, finished; or one without an output. Where there is no <c>lse</c>, it is worked out anew.</param>
    /// <param name="name">What to call it.</param>
    /// <exception cref="InputException">A file cannot be used.</exception>
    public static AtlasSubject Open(FileJobSpecification job, string name)
    {
        ArgumentNullException.ThrowIfNull(job);
        JobFiles files = JobFiles.Open(job);
        try
        {
            float[]? logSumExp = null;
            if (job.WritesLogSumExp && job.Output.Length > 0)
            {
                using TensorFile output = TensorFile.Open(job.Output);
                logSumExp = Read(output, files.Input.Shape);
            }
            return new AtlasSubject(name, new JobWeights(files.Input, job.Options), logSumExp, null, [files]);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Makes the atlas of it.</summary>
    /// <param name="options">With how much of the machine.</param>
    /// <param name="progress">Told the share done, 0 to 1; null = nobody.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task<AttentionAtlas> CreateAsync(AtlasOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        float[] logSumExp = await LogSumExpAsync((0, Weights.Shape.QueryRows), ComputePool.Shared(options.Threads), cancellation).ConfigureAwait(false);
        return await AttentionAtlas.CreateAsync(Weights, logSumExp, options, progress, cancellation).ConfigureAwait(false);
    }

    /// <summary>LSE <c>[B, Hq, Sq]</c>, that of some rows at least: what the job kept, or worked out anew.</summary>
    /// <param name="rows">The rows, from the first to behind the last.</param>
    /// <param name="compute">Where the work runs.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task<float[]> LogSumExpAsync((long First, long End) rows, ICompute compute, CancellationToken cancellation) =>
        _logSumExp ?? await RowLogSumExp.ComputeAsync(Weights, rows, compute, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable file in _open)
            file.Dispose();
    }

    internal static float[] Read(TensorFile output, AttentionShape shape)
    {
        MappedTensor lse = output.Map("lse");
        long rows = (long)shape.Batch * shape.QueryHeads * shape.QueryRows;
        if (lse.Info.ElementCount != rows)
            throw new InputException($"{Quoted.Path(output.Path)} has an lse of {lse.Info.ElementCount} rows, but its job has {rows}.");
        var numbers = new float[rows];
        lse.ReadF32(0, numbers);
        return numbers;
    }
}

/// <summary>A passage of a document.</summary>
/// <param name="Line">The line it begins on, from 1.</param>
/// <param name="Text">Its text.</param>
public readonly record struct AtlasPassage(int Line, string Text);
