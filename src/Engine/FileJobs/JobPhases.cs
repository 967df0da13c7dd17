using Distributed.Engine.Analytics;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs;

/// <summary>One progress of a job that has a second pass behind the first.</summary>
/// <param name="job">The job.</param>
/// <param name="shape">Its sizes.</param>
/// <param name="progress">Told of both; null = nobody.</param>
internal sealed class JobPhases(FileJobSpecification job, AttentionShape shape, IProgress<JobProgress>? progress)
{
    private readonly double _share = job.NeedsWeights ? AnalyticsParts.ShareOf(shape) : 0;

    /// <summary>Of the first pass.</summary>
    public IProgress<JobProgress>? Attention => progress is null
        ? null
        : new Relay<JobProgress>(first => progress.Report(first with { Done = first.Done * (1 - _share) }));

    /// <summary>Of the second.</summary>
    public IProgress<double>? Analytics(JobReport first) => progress is null
        ? null
        : new Relay<double>(done => progress.Report(new JobProgress(1 - _share + _share * done, first.Flops)));
}
