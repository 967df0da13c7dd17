using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Grains.Analytics;
using Distributed.Grains.Hosting;

namespace Distributed.Grains.Jobs;

/// <content>The second pass over the weights, which needs the LSE of all rows.</content>
internal sealed partial class JobCoordinator
{
    private async Task ShareSecondPassAsync(OpenJob job, FileJobOutput output)
    {
        if (output.Analytics is null)
            return;
        var pass = new SecondPass(_ticket, job, output, _engine, _grains, _log);
        _tally.Follow(() => pass.Done, AnalyticsParts.ShareOf(job.Plan.Shape));
        await pass.RunAsync(
            () =>
            {
                FollowMembers();
                return [.. _silos.Values.Where(silo => silo.Alive)];
            },
            _stop.Token);
    }
}
