using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Timelines;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Embedded;

/// <summary>A job over tensors in this process; it can be stopped, or lost, and gone on with.</summary>
internal sealed class TensorRun : LocalRun
{
    private readonly DurableFileJob _job;
    private readonly FileJobSpecification _specification;

    public TensorRun(JobRecord job, string folder, DurableJobOptions options)
    {
        Directory.CreateDirectory(folder);
        _specification = SpecificationDocument.Read(job.Resolved);
        _job = new DurableFileJob(job.Id.ToString("n"), _specification, job.Plan!, folder, options);
        Begin();
    }

    public override RunProgress Progress
    {
        get
        {
            DurableJobProgress progress = _job.Progress;
            return new RunProgress
            {
                Done = progress.Done,
                Flops = progress.Flops,
                PairsSeen = progress.PairsSeen,
                Blocks = progress.Blocks,
                BlocksFinished = progress.BlocksFinished,
            };
        }
    }

    public override Task<JobBlocks?> BlocksAsync() => Task.FromResult(_job.Look());

    protected override async Task<IReadOnlyList<string>> ComputeAsync(CancellationToken stop)
    {
        await _job.RunAsync(stop).ConfigureAwait(false);
        return [_specification.Output];
    }
}
