using System.Diagnostics;

namespace Distributed.Engine.Telemetry;

/// <summary>
/// Spans of a job: the job, its blocks, and stretches of their steps. Their number grows with time and blocks, not with
/// tiles.
/// </summary>
public static class EngineTraces
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Distributed.Engine";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A job in this process.</summary>
    public static Activity? Job() => Source.StartActivity("job");

    /// <summary>A job that was handed in in the span <paramref name="origin"/>, maybe of another process and long ago.</summary>
    /// <param name="origin">The span's W3C id; null = it was not traced.</param>
    public static Activity? Job(string? origin) => ActivityContext.TryParse(origin, null, isRemote: true, out ActivityContext parent)
        ? Source.StartActivity("job", ActivityKind.Internal, parent)
        : Job();

    /// <summary>The time that a job waited to be started; what starts it belongs into the span.</summary>
    /// <param name="origin">The W3C id of the span in which it was handed in; null = it was not traced.</param>
    /// <param name="since">When it began to wait.</param>
    public static Activity? Queue(string? origin, DateTimeOffset since)
    {
        // Whatever span happens to be current where jobs are started, this job is no part of it.
        Activity.Current = null;
        return ActivityContext.TryParse(origin, null, isRemote: true, out ActivityContext parent)
            ? Source.StartActivity("queue", ActivityKind.Internal, parent, startTime: since)
            : Source.StartActivity("queue", ActivityKind.Internal, default(ActivityContext), startTime: since);
    }

    /// <summary>A block of a job.</summary>
    /// <param name="block">The block.</param>
    public static Activity? Block(int block) => Source.StartActivity("block")?.SetTag("attend.block", block);

    /// <summary>A part of a job's second pass.</summary>
    /// <param name="part">The part.</param>
    public static Activity? Part(int part) => Source.StartActivity("part")?.SetTag("attend.part", part);

    internal static Activity? Save(int block) => Source.StartActivity("checkpoint")?.SetTag("attend.block", block);

    /// <summary>Tells of a stretch of steps that has ended.</summary>
    internal static void Steps(ActivityContext parent, int block, int first, int last, int count, TimeSpan length, double waited)
    {
        if (!Source.HasListeners())
            return;
        // Of a stretch only its end is known to be one, so its span is made then, with the start it had.
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using Activity? stretch = Source.StartActivity("steps", ActivityKind.Internal, parent, startTime: now - length);
        stretch?.SetTag("attend.block", block)
            .SetTag("attend.tile.first", first)
            .SetTag("attend.tile.last", last)
            .SetTag("attend.steps", count)
            .SetTag("attend.seconds.waiting", waited)
            .SetEndTime(now.UtcDateTime);
    }
}
