using Distributed.Grains.Blocks;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Jobs;

/// <content>What it tells the log.</content>
internal sealed partial class JobCoordinator
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Coordinator {Epoch} of job {Job} begins.")]
    private static partial void LogBegins(ILogger log, Guid job, int epoch);

    [LoggerMessage(Level = LogLevel.Information, Message = "Coordinator {Epoch} of job {Job} hands over.")]
    private static partial void LogHandsOver(ILogger log, Guid job, int epoch);

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} takes part in job {Job} with {Threads} threads, {Speed} pairs/s.")]
    private static partial void LogJoined(ILogger log, string silo, Guid job, int threads, double speed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} is gone from job {Job}.")]
    private static partial void LogGone(ILogger log, string silo, Guid job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} cannot take part in job {Job} now: {Why}")]
    private static partial void LogCannotJoin(ILogger log, string silo, Guid job, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} could not be told that job {Job} has ended: {Why}")]
    private static partial void LogCannotClose(ILogger log, string silo, Guid job, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} of block {Block} on {Silo} is given up ({Phase}): {Why}")]
    private static partial void LogLost(ILogger log, int attempt, int block, string silo, BlockPhase phase, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} stops until it is started again, for want of room: {Why}")]
    private static partial void LogNoRoom(ILogger log, Guid job, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {Job} failed.")]
    private static partial void LogFailed(ILogger log, Guid job, Exception why);
}
