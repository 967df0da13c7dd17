using System.Globalization;
using System.Text.Json;
using Distributed.Engine.Documents.Specification;
using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Embedded;

/// <summary>Computes jobs in this process, without a cluster.</summary>
/// <param name="data">The data folder.</param>
/// <param name="options">With how much of the machine.</param>
internal sealed class EmbeddedRunner(DataFolder data, DurableJobOptions options) : IJobRunner
{
    /// <summary>Memory of a document's job: its text, its passages' vectors, its files.</summary>
    private const long DocumentBytes = 256L << 20;

    private const int BytesPerByteOfText = 40;

    public Task<JobNeeds> ExamineAsync(Guid job, JobKind kind, string resolved) => Task.Run(() => kind == JobKind.Document
        ? ExamineDocument(resolved)
        : ExamineTensors(job, resolved));

    public IJobRun Start(JobRecord job) => job.Kind == JobKind.Document
        ? new DocumentRun(job, data.ResultsOf(job.Id), options.Threads)
        : new TensorRun(job, RunOf(job.Id), options);

    public IReadOnlyList<Guid> Kept() =>
    [
        .. Directory.EnumerateDirectories(data.Work).Select(folder => Guid.TryParseExact(Path.GetFileName(folder), "n", out Guid job) ? job : Guid.Empty)
            .Where(job => job != Guid.Empty),
    ];

    public Task ForgetAsync(Guid job) => Task.Run(() => DurableFileJob.Forget(RunOf(job)));

    /// <summary>Where a run keeps what it has.</summary>
    public string RunOf(Guid job) => Path.Combine(data.WorkOf(job), "run");

    private JobNeeds ExamineTensors(Guid job, string resolved)
    {
        DurableJobPlan plan = DurableJobPlan.Of(
            SpecificationDocument.Read(resolved), RunOf(job), options.Threads, options.BlocksAtOnce, options.BlocksAtOnce);
        return new JobNeeds(plan, plan.MemoryBytes, string.Create(
            CultureInfo.InvariantCulture,
            $"{options.BlocksAtOnce} of {plan.Blocks} blocks at once, {options.Threads} threads, {plan.Shape.QueryHeads} heads of {plan.Shape.KeyDim} and {plan.Shape.ValueDim} elements"));
    }

    private static JobNeeds ExamineDocument(string resolved)
    {
        using JsonDocument document = JsonDocument.Parse(resolved);
        long bytes = new FileInfo(DocumentSpecification.Read(document.RootElement).Document).Length;
        return new JobNeeds(null, DocumentBytes + bytes * BytesPerByteOfText, string.Create(
            CultureInfo.InvariantCulture, $"{DocumentBytes >> 20} MiB and {BytesPerByteOfText} bytes for each of {bytes} of text"));
    }
}
