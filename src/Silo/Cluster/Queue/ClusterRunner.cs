using System.Globalization;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Distributed.Grains.Silos;
using Distributed.Silo.Embedded;
using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;
using JobRecord = Distributed.Silo.Jobs.JobRecord;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>Computes jobs on all silos of the cluster; of jobs over texts the attention, and the rest on the one that has the queue.</summary>
internal sealed class ClusterRunner(
    IGrainFactory grains, Grains.Hosting.ClusterView cluster, DataFolder data, SiloEngine engine, SiloSettings settings) : IJobRunner
{
    private readonly EmbeddedRunner _local = new(data, settings.Engine);

    public async Task<JobNeeds> ExamineAsync(Guid job, JobKind kind, string resolved)
    {
        if (kind == JobKind.Document)
            return WithAttention(await _local.ExamineAsync(job, kind, resolved));
        FileJobSpecification specification = SpecificationDocument.Read(resolved);
        ClusterLimits.Check(specification);
        IReadOnlyList<SiloInfo> silos = await cluster.InfosAsync(grains);
        int threads = silos.Select(silo => silo.Threads).DefaultIfEmpty(engine.Options.Threads).Max();
        int atOnce = silos.Select(silo => silo.BlocksAtOnce).DefaultIfEmpty(engine.Options.BlocksAtOnce).Max();
        DurableJobPlan plan = await Task.Run(() => DurableJobPlan.Of(
            specification, _local.RunOf(job), threads, atOnce, Math.Max(atOnce, silos.Sum(silo => silo.BlocksAtOnce)), engine.Options.PackedBytes));
        return new JobNeeds(plan, plan.MemoryBytes + engine.Options.TileCacheBytes, string.Create(
            CultureInfo.InvariantCulture,
            $"{atOnce} of {plan.Blocks} blocks at once, {threads} threads, {plan.Shape.QueryHeads} heads of {plan.Shape.KeyDim} and {plan.Shape.ValueDim} elements, {engine.Options.TileCacheBytes >> 20} MiB of tiles"));
    }

    public IJobRun Start(JobRecord job) => job.Kind == JobKind.Document
        ? new ClusterDocumentRun(
            job, data.ResultsOf(job.Id), _local.RunOf(job.Id), settings.Engine.Threads,
            // The job's progress is that of the whole; its attention tells its own.
            specification => Follow(job with { Resolved = specification, Progress = new RunProgress() }))
        : Follow(job);

    public IReadOnlyList<Guid> Kept() => [.. engine.Store.All().Union(_local.Kept())];

    public async Task ForgetAsync(Guid job)
    {
        await Task.Run(() => engine.Store.Forget(job));
        await _local.ForgetAsync(job);
    }

    private ClusterRun Follow(JobRecord job) => new(job, grains.GetGrain<IJobGrain>(job.Id));

    /// <summary>How many passages a text has is known when it is cut; their tiles are no more than are held of any job.</summary>
    private JobNeeds WithAttention(JobNeeds text)
    {
        long tiles = engine.Options.TileCacheBytes + engine.Options.PackedBytes;
        return text with
        {
            MemoryBytes = text.MemoryBytes + tiles,
            Arithmetic = string.Create(CultureInfo.InvariantCulture, $"{text.Arithmetic}, {tiles >> 20} MiB of tiles"),
        };
    }
}
