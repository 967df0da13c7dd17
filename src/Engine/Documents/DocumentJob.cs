using System.Diagnostics;
using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.Documents.Embedding;
using Distributed.Engine.Documents.Output;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Documents;

/// <summary>
/// From a text to who attends to whom: passages, their vectors, exact attention over them, the strongest links, files.
/// </summary>
public static class DocumentJob
{
    /// <summary>Runs it on a file.</summary>
    /// <param name="path">A UTF-8 text.</param>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Told a few times a second, from any thread; null = nobody.</param>
    /// <param name="cancellation">Stops it; no file is left behind.</param>
    /// <exception cref="InputException">The file or an option cannot be used.</exception>
    public static Task<DocumentReport> RunAsync(
        string path, DocumentOptions options, IProgress<DocumentProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return RunAsync(Passages.Read(path, options.Unit), path, options, [path], progress, cancellation);
    }

    /// <summary>Runs it on a text in memory.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Told a few times a second, from any thread; null = nobody.</param>
    /// <param name="cancellation">Stops it; no file is left behind.</param>
    /// <exception cref="InputException">The text or an option cannot be used.</exception>
    public static Task<DocumentReport> RunTextAsync(
        string text, string name, DocumentOptions options, IProgress<DocumentProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return RunAsync(Passages.Cut(text, options.Unit, name), name, options, [], progress, cancellation);
    }

    private static async Task<DocumentReport> RunAsync(
        IReadOnlyList<Passage> passages, string name, DocumentOptions options, IReadOnlyList<string> inputs,
        IProgress<DocumentProgress>? progress, CancellationToken cancellation)
    {
        // Before the work, so that a folder that cannot be written is known at once.
        OutputFolder? folder = options.OutputDirectory is { } path ? new OutputFolder(path) : null;
        try
        {
            using DocumentFiles? files = folder is null ? null : DocumentFiles.Create(folder.Path, inputs);
            return await RunAsync(passages, name, options, files, progress, cancellation).ConfigureAwait(false);
        }
        catch
        {
            folder?.Remove();
            throw;
        }
    }

    private static async Task<DocumentReport> RunAsync(
        IReadOnlyList<Passage> passages, string name, DocumentOptions options, DocumentFiles? files,
        IProgress<DocumentProgress>? progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        ComputePool pool = ComputePool.Shared(options.Threads);
        progress?.Report(new DocumentProgress(DocumentPhase.Embedding, 0, 0));
        using PassageEmbedding embedding =
            await PassageEmbedding.CreateAsync(passages, options.Embedding, pool, cancellation).ConfigureAwait(false);
        TimeSpan embedded = Lap(clock);

        var input = new AttentionInput(embedding.Tensor, embedding.Tensor, embedding.Tensor);
        var logSumExp = new MemorySink(input.Shape, keepOutput: false);
        IAttentionSink sink = files is null ? logSumExp : files.Embeddings(embedding, options, logSumExp, input.Shape);
        AttentionOptions attention = options.Attention(passages.Count);
        JobReport report = await options.Runner.RunAsync(
            input, attention, sink, AttentionProgress(progress), cancellation).ConfigureAwait(false);
        TimeSpan attended = Lap(clock);

        var strongest = new TopLinks(passages.Count, DocumentOptions.LinksPerPassage);
        var matrix = new PooledMatrix(passages.Count, passages.Count);
        var pass = new WeightPass(new JobWeights(input, attention), logSumExp.LogSumExp);
        var mean = new PlaneSinks(new AttentionPlane(0, HeadAggregation.Mean), [strongest, matrix]);
        await pass.RunAsync([mean], pool, LinksProgress(progress, report.Flops), cancellation).ConfigureAwait(false);
        IReadOnlyList<RowPair> links = StrongestPairs.Of(strongest, options.Links);
        TimeSpan linked = Lap(clock);

        progress?.Report(new DocumentProgress(DocumentPhase.Files, 0, report.Flops));
        IReadOnlyList<string> written =
            files?.Commit(passages, strongest, links, matrix, name, cancellation) ?? [];
        progress?.Report(new DocumentProgress(DocumentPhase.Files, 1, report.Flops));
        var times = new DocumentTimes(embedded, attended, linked, Lap(clock));
        return new DocumentReport(name, options, passages, report, strongest, links, matrix, written, times);
    }

    private static TimeSpan Lap(Stopwatch clock)
    {
        TimeSpan lap = clock.Elapsed;
        clock.Restart();
        return lap;
    }

    private static Relay<JobProgress>? AttentionProgress(IProgress<DocumentProgress>? progress) => progress is null
        ? null
        : new(job => progress.Report(new DocumentProgress(DocumentPhase.Attention, job.Done, job.Flops)));

    private static Relay<double>? LinksProgress(IProgress<DocumentProgress>? progress, double flops) => progress is null
        ? null
        : new(done => progress.Report(new DocumentProgress(DocumentPhase.Links, done, flops)));
}
