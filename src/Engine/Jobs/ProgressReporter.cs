namespace Distributed.Engine.Jobs;

/// <summary>Tells how far a running job is, a few times a second.</summary>
internal static class ProgressReporter
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Reports until the job ends, and once more at its good end; then carries the job's outcome.</summary>
    public static async Task FollowAsync(Task job, WorkDone done, IProgress<JobProgress>? progress)
    {
        if (progress is not null)
        {
            using var timer = new PeriodicTimer(Interval);
            while (!job.IsCompleted)
            {
                await Task.WhenAny(job, timer.WaitForNextTickAsync(CancellationToken.None).AsTask())
                    .ConfigureAwait(false);
                progress.Report(Snapshot(done));
            }
        }
        await job.ConfigureAwait(false);
    }

    private static JobProgress Snapshot(WorkDone done)
    {
        Plan.JobPlan plan = done.Plan;
        double cost = plan.Cost * plan.Shape.Batch * plan.Shape.QueryHeads;
        double share = cost == 0 ? 1 : Math.Min(1, done.Cost / cost);
        return new JobProgress(share, plan.OperationsDone(done.PairsSeen, share));
    }
}
