using System.Text.Json;
using Distributed.Engine.Documents;
using Distributed.Engine.Documents.Specification;
using Distributed.Engine.Jobs;
using Distributed.Engine.Timelines;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Embedded;

/// <summary>A job over a text in this process. It is short beside jobs over tensors, so when it is stopped it begins anew.</summary>
internal sealed class DocumentRun : LocalRun, IProgress<DocumentProgress>
{
    private readonly DocumentSpecification _job;
    private readonly DocumentOptions _options;
    private volatile RunProgress _progress = new();

    /// <summary>Begins it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="results">Where its files go.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="attention">What computes its attention; null = this process.</param>
    public DocumentRun(JobRecord job, string results, int threads, IAttentionRunner? attention = null)
    {
        using JsonDocument document = JsonDocument.Parse(job.Resolved);
        _job = DocumentSpecification.Read(document.RootElement);
        _options = _job.Options with { OutputDirectory = results, Threads = threads, Runner = attention ?? _job.Options.Runner };
        Begin();
    }

    public override RunProgress Progress => _progress;

    public override Task<JobBlocks?> BlocksAsync() => Task.FromResult<JobBlocks?>(null);

    public void Report(DocumentProgress value)
    {
        _progress = new RunProgress { Done = value.Done, Flops = value.Flops, Phase = value.Phase.ToString().ToLowerInvariant() };
    }

    protected override async Task<IReadOnlyList<string>> ComputeAsync(CancellationToken stop)
    {
        DocumentReport report = await DocumentJob.RunAsync(_job.Document, _options, this, stop).ConfigureAwait(false);
        return report.Files;
    }
}
