using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Embedded;

/// <summary>A job over tensors in this process; it can be stopped, or lost, and gone on with.</summary>
internal sealed class TensorRun : LocalRun
{
    private const string Self = "this process";
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

    public override Task<IReadOnlyList<BlockView>> BlocksAsync() => Task.FromResult<IReadOnlyList<BlockView>>(
    [
        .. _job.Blocks.Select(block => new BlockView(
            block.Block, block.State.ToString().ToLowerInvariant(), block.FirstRow, block.Rows, block.Done, Math.Round(block.Seconds, 3),
            block.State == DurableBlockState.Waiting ? null : Self)),
    ]);

    protected override async Task<IReadOnlyList<string>> ComputeAsync(CancellationToken stop)
    {
        await _job.RunAsync(stop).ConfigureAwait(false);
        return [_specification.Output];
    }
}
