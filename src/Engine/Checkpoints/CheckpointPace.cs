namespace Distributed.Engine.Checkpoints;

/// <summary>
/// Says when a block is to be saved: after the interval asked for, or, where saving takes long, so seldom that it takes a
/// small share of the time.
/// </summary>
/// <param name="interval">The interval asked for.</param>
/// <param name="time">The clock.</param>
public sealed class CheckpointPace(TimeSpan interval, TimeProvider time)
{
    /// <summary>How many times as long as saving the time between is at least.</summary>
    private const double Share = 20;

    private TimeSpan _least;
    private long _lastSaved = time.GetTimestamp();

    /// <summary>Whether it is time.</summary>
    public bool Due => time.GetElapsedTime(_lastSaved) is var since && since >= interval && since >= _least;

    /// <summary>The block was saved.</summary>
    /// <param name="took">How long that took.</param>
    public void Saved(TimeSpan took)
    {
        _lastSaved = time.GetTimestamp();
        _least = took * Share;
    }
}
