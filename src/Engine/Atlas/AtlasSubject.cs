using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;

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

    /// <summary>Its masks, for people.</summary>
    public string Masks => Weights.Plan.Masks.Description;

    /// <summary>What is done to its scores, for people.</summary>
    public string Scores => Weights.Plan.Scores.Description;

    /// <summary>The passages that rows and keys are; null where they are no passages.</summary>
    public IReadOnlyList<AtlasPassage>? Passages { get; }

    /// <summary>Opens what a job left: its output file, or the folder of a document's files.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="name">What to call it; null = as it is called.</param>
    /// <exception cref="InputException">It is neither, or an input of the job cannot be found or is another now.</exception>
    public static AtlasSubject Open(string path, string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path) || Path.GetFileName(path) is DocumentFolder.Embeddings or DocumentFolder.Links)
            return DocumentFolder.Open(Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!, name);
        using TensorFile output = TensorFile.Open(path);
        if (output.Find("embeddings") is not null && output.Metadata.ContainsKey("exclude"))
            return DocumentFolder.OpenEmbeddings(path, null, name ?? Path.GetFileName(path));
        return Open(FinishedJob.Of(output), name ?? Path.GetFileName(path));
    }

    /// <summary>Opens a job over tensor files.</summary>
    /// <param name="job">The job, finished; or one without an output. Where there is no <c>lse</c>, it is worked out anew.</param>
    /// <param name="name">What to call it.</param>
    /// <exception cref="InputException">A file cannot be used.</exception>
    /// <param name="alsoOpen">Disposed with it.</param>
    public static AtlasSubject Open(FileJobSpecification job, string name, params IReadOnlyList<IDisposable> alsoOpen)
    {
        ArgumentNullException.ThrowIfNull(job);
        JobFiles files = JobFiles.Open(job);
        try
        {
            MechanismRules.CheckWeights(job.Options.Mechanism, files.Input.Tensors);
            float[]? logSumExp = null;
            if (job.WritesLogSumExp && job.Output.Length > 0)
            {
                using TensorFile output = TensorFile.Open(job.Output);
                logSumExp = Read(output, files.Input.Shape);
            }
            var weights = new JobWeights(files.Input, job.Options);
            if (logSumExp is not null)
                CheckInputs(weights, logSumExp, job.Output);
            return new AtlasSubject(name, weights, logSumExp, null, [files, .. alsoOpen]);
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

    // An input that was replaced since would give weights that never were. Some rows of every head tell.
    private static void CheckInputs(JobWeights weights, float[] logSumExp, string output)
    {
        const int Rows = 4;
        const float Tolerance = 1e-3f;
        AttentionShape shape = weights.Shape;
        if (shape.QueryRows == 0)
            return;
        using var scratch = new ComputeScratch();
        Kernels.Spans.RowRange last = weights.Plan.QueryGrid[weights.Plan.QueryGrid.Count - 1];
        int count = Math.Min(Rows, last.Count);
        var rows = new Kernels.Spans.RowRange(last.End - count, count);
        Span<float> anew = stackalloc float[Rows];
        for (int plane = 0; plane < shape.Batch * shape.QueryHeads; plane++)
        {
            weights.LogSumExp(plane / shape.QueryHeads, plane % shape.QueryHeads, rows, anew[..count], scratch);
            for (int row = 0; row < count; row++)
            {
                float kept = logSumExp[plane * shape.QueryRows + rows.Start + row];
                if (kept.Equals(anew[row]) || Math.Abs(kept - anew[row]) <= Tolerance * Math.Max(1, Math.Abs(kept)))
                    continue;
                throw new InputException(
                    $"{Quoted.Path(output)} was not made from these inputs: LSE of row {rows.Start + row} is {kept} there and {anew[row]} here.");
            }
        }
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
