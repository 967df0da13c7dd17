using System.Diagnostics;

namespace Distributed.Engine.Telemetry;

/// <summary>A job under way, as the metrics see it.</summary>
public sealed class JobMeasure : IDisposable
{
    private readonly string _mode;
    private readonly long _began = Stopwatch.GetTimestamp();
    private string? _outcome;
    private double? _seconds;

    internal JobMeasure(string mode) => _mode = mode;

    /// <summary>Says how the job ended: <c>finished</c>, <c>failed</c> or <c>stopped</c> (paused or cancelled). One that goes on elsewhere has none.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="seconds">Seconds it took; null = since this began.</param>
    public void End(string outcome, double? seconds = null) => (_outcome, _seconds) = (outcome, seconds);

    /// <inheritdoc/>
    public void Dispose() =>
        EngineMetrics.Ended(_mode, _outcome, _seconds ?? Stopwatch.GetElapsedTime(_began).TotalSeconds);
}
