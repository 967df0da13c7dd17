using System.Diagnostics;
using Distributed.Engine.Analytics;
using Distributed.Engine.Files;
using Distributed.Engine.Telemetry;
using Distributed.Grains.Blocks;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Analytics;

/// <summary>
/// Makes a part of a second pass on this silo's compute threads and leaves it in a file. It ends early when the job is closed
/// here: there is nothing of it to save, a part is some seconds of a long job.
/// </summary>
internal sealed partial class PartAttempt : IProgress<double>
{
    private readonly SiloEngine _engine;
    private readonly PartAssignment _assignment;
    private readonly ILogger _log;
    private volatile PartStatus _status = new() { Phase = BlockPhase.Waiting };

    public PartAttempt(SiloEngine engine, PartAssignment assignment, ILogger log)
    {
        (_engine, _assignment, _log) = (engine, assignment, log);
        Ended = Task.Run(RunAsync);
    }

    /// <summary>Ends when the attempt has; it never throws.</summary>
    public Task Ended { get; }

    public PartStatus Status => _status;

    public void Report(double value) => _status = new PartStatus { Phase = BlockPhase.Running, Done = value };

    private async Task RunAsync()
    {
        using Activity? trace = EngineTraces.Part(_assignment.Part)?.SetTag("attend.silo", _engine.Name);
        try
        {
            using OpenJob job = _engine.Use(_assignment.Ticket.Job);
            await job.Places.WaitAsync(job.Closing).ConfigureAwait(false);
            try
            {
                await MakeAsync(job).ConfigureAwait(false);
            }
            finally
            {
                job.Places.Release();
            }
            _status = new PartStatus { Phase = BlockPhase.Finished, Done = 1 };
        }
        catch (Exception error) when (error is OperationCanceledException || _engine.Store.HasEnded(_assignment.Ticket.Job))
        {
            // The job may have ended while its result was being written: then the place for that is gone.
            _status = new PartStatus { Phase = BlockPhase.Stopped };
        }
#pragma warning disable CA1031 // Whatever ends the attempt is the coordinator's to know and to act on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(_log, _assignment.Part, _assignment.Ticket.Job, error);
            trace?.SetStatus(ActivityStatusCode.Error, error.Message);
            _status = new PartStatus { Phase = BlockPhase.Failed, Error = error.Message, IsDiskFull = DiskFullException.Is(error) };
        }
    }

    private async Task MakeAsync(OpenJob job)
    {
        Report(0);
        (long First, long End) rows = (_assignment.First, _assignment.End);
        float[] logSumExp = _engine.Store.ReadLogSumExp(_assignment.Ticket.Job, job.Plan.Shape, rows);
        var analytics = new JobAnalytics(job.Plan.Shape, job.Specification.Options, job.Specification.Analytics!, rows);
        await analytics.RunAsync(new JobWeights(job.Input, job.Specification.Options), logSumExp, _engine.Pool, this, job.Closing)
            .ConfigureAwait(false);
        analytics.Save(_engine.Store.PartOf(_assignment.Ticket.Job, _assignment.Part), JobStore.KeyOf(_assignment.Ticket));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Part {Part} of the second pass of job {Job} failed.")]
    private static partial void LogFailed(ILogger log, int part, Guid job, Exception why);
}
