using Distributed.Engine.Ring;

namespace Distributed.Engine.Jobs;

/// <summary>Tells how far a running job is, a few times a second.</summary>
internal static class ProgressReporter
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Reports until the job ends, and once more at its good end; then carries the job's outcome.</summary>
    public static async Task FollowAsync(Task job, LaneContext context, IProgress<JobProgress>? progress)
    {
        if (progress is not null)
        {
            using var timer = new PeriodicTimer(Interval);
            while (!job.IsCompleted)
            {
                await Task.WhenAny(job, timer.WaitForNextTickAsync(CancellationToken.None).AsTask())
                    .ConfigureAwait(false);
                progress.Report(Snapshot(context));
            }
        }
        await job.ConfigureAwait(false);
    }

    private static JobProgress Snapshot(LaneContext context)
    {
        Plan.JobPlan plan = context.Plan;
        double cost = plan.Cost * plan.Shape.Batch * plan.Shape.QueryHeads;
        return new JobProgress(
            cost == 0 ? 1 : Math.Min(1, context.CostDone / cost),
            (double)context.PairsSeen * plan.Shape.FlopsPerPair);
    }
}
