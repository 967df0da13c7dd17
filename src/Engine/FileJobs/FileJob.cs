using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs;

/// <summary>Runs a job over tensor files in this process.</summary>
public static class FileJob
{
    /// <summary>
    /// Reads the inputs where they lie, writes the output in place, and gives it its name when all of it is there. A job
    /// that fails or is cancelled leaves nothing behind.
    /// </summary>
    /// <param name="job">What to do.</param>
    /// <param name="progress">Told a few times a second; null = nobody.</param>
    /// <param name="cancellation">Stops the job.</param>
    /// <exception cref="InputException">A file, a tensor or an option cannot be used.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static async Task<JobReport> RunAsync(
        FileJobSpecification job, IProgress<JobProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        using JobFiles files = JobFiles.Open(job);
        using FileJobOutput output = FileJobOutput.Create(job, files);
        var phases = new JobPhases(job, files.Input.Shape, progress);
        JobReport report = await EmbeddedEngine.RunAsync(files.Input, job.Options, output.Sink, phases.Attention, cancellation)
            .ConfigureAwait(false);
        TimeSpan? analytics = await output.CommitAsync(
            ComputePool.Shared(job.Options.ThreadsHere()), phases.Analytics(report), cancellation).ConfigureAwait(false);
        return report with { Analytics = analytics };
    }
}
