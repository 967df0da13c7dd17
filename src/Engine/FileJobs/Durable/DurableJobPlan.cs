using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.FileJobs.Durable;

/// <summary>How a durable job is cut, and what it needs: found once, when it is taken on, and the same in every later run.</summary>
/// <param name="Blocks">Blocks it is cut into.</param>
/// <param name="RowsPerLane">Rows that one thread advances at a time.</param>
/// <param name="InputStamp">What the input files were like (<see cref="FileJobs.InputStamp"/>).</param>
/// <param name="MemoryBytes">About how much private memory it takes, beside its mapped files.</param>
/// <param name="OutputBytes">Bytes of its output tensor o and its LSE, as they are kept until the end.</param>
/// <param name="Tiles">Pairs of a query span and a key span that are computed, over all heads and batch entries.</param>
/// <param name="Shape">Its sizes.</param>
public sealed record DurableJobPlan(
    int Blocks, int RowsPerLane, string InputStamp, long MemoryBytes, long OutputBytes, long Tiles, AttentionShape Shape)
{
    /// <summary>Checks a job as far as that can be done without computing: files, tensors, options, the output's name and room.</summary>
    /// <param name="job">The job.</param>
    /// <param name="folder">
    /// Where the job will keep what it has. It is there as long as this takes: a process that is lost meanwhile leaves what
    /// <see cref="DurableFileJob.Forget"/> needs to take the output away.
    /// </param>
    /// <param name="threads">Compute threads of the process that will run it; of the largest, where there are several.</param>
    /// <param name="blocksAtOnce">Blocks that process computes at a time.</param>
    /// <param name="slots">Blocks that all processes together compute at a time.</param>
    /// <param name="packedBytes">Bytes of packed keys and values that a process holds at most.</param>
    /// <exception cref="InputException">It cannot be run.</exception>
    /// <exception cref="Files.DiskFullException">The disk has no room for its output.</exception>
    public static DurableJobPlan Of(FileJobSpecification job, string folder, int threads, int blocksAtOnce, int slots, long packedBytes = DurableFileJob.PackedBytes)
    {
        ArgumentNullException.ThrowIfNull(job);
        using JobFiles files = JobFiles.Open(job);
        // The output is made once and taken away again, so that a name or a disk that will not do is known now.
        try
        {
            Directory.CreateDirectory(folder);
            using FileJobOutput output = FileJobOutput.Create(job, files, new DurableJobFolder(folder).NoteOutput);
        }
        finally
        {
            DurableFileJob.Forget(folder);
        }
        (int blocks, int rowsPerLane) = JobPlanner.Cut(job, files.Input, slots, threads);
        JobPlan plan = JobPlan.Create(files.Input, job.Options with { Blocks = blocks });
        AttentionShape shape = files.Input.Shape;
        long rows = (long)shape.Batch * shape.QueryHeads * shape.QueryRows;
        return new DurableJobPlan(
            plan.Blocks.Count, rowsPerLane, FileJobs.InputStamp.Of(job.Inputs),
            MemoryEstimate.Of(plan, CpuKernels.Best, threads, rowsPerLane, packedBytes, blocksAtOnce),
            rows * (shape.ValueDim + 1) * sizeof(float),
            plan.Counts.Computed * shape.Batch * shape.QueryHeads / Math.Max(1, plan.Counts.Matrices), shape);
    }
}
