using System.Diagnostics;

namespace Distributed.Silo.Jobs;

/// <summary>Measures how fast a job goes, lately: over a window of some seconds, so that the rate neither jumps nor lags.</summary>
internal sealed class RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly Queue<(long At, double Done, double Flops)> _points = [];
    private (long At, double Done, double Flops) _last;

    /// <summary>Seconds since the first point after a reset; 0 without any.</summary>
    public double Seconds { get; private set; }

    /// <summary>Floating-point operations a second.</summary>
    public double Rate
    {
        get
        {
            lock (_lock)
                return Slope(_last.Flops, _points.TryPeek(out var first) ? first.Flops : 0);
        }
    }

    /// <summary>Seconds until all is done at the present speed; null when that cannot be told.</summary>
    public double? SecondsLeft
    {
        get
        {
            lock (_lock)
            {
                double speed = Slope(_last.Done, _points.TryPeek(out var first) ? first.Done : 0);
                return speed > 0 ? Math.Round((1 - _last.Done) / speed, 1) : null;
            }
        }
    }

    public void Add(RunProgress progress)
    {
        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            if (_last.At != 0)
                Seconds += Stopwatch.GetElapsedTime(_last.At, now).TotalSeconds;
            _last = (now, progress.Done, progress.Flops);
            // A job that goes on has nothing done until it has found what was saved, which must not count as done in a moment.
            if (_points.Count > 0 || progress.Done > 0)
                _points.Enqueue(_last);
            while (_points.Count > 2 && Stopwatch.GetElapsedTime(_points.Peek().At, now) > Window)
                _points.Dequeue();
        }
    }

    public void Reset()
    {
        lock (_lock)
        {
            _points.Clear();
            _last = default;
            Seconds = 0;
        }
    }

    private double Slope(double last, double first)
    {
        double seconds = _points.TryPeek(out var oldest) ? Stopwatch.GetElapsedTime(oldest.At, _last.At).TotalSeconds : 0;
        return seconds > 0 ? Math.Max(0, last - first) / seconds : 0;
    }
}
