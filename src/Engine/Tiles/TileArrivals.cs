namespace Distributed.Engine.Tiles;

/// <summary>The parts of a tile that is being fetched, as they come: they are given on before the tile is whole.</summary>
/// <param name="steps">Blocks from the one that fetches leftwards to the one that owns the tile.</param>
public sealed class TileArrivals(int steps)
{
    private readonly Lock _lock = new();
    private readonly HashSet<int> _here = [];
    private readonly List<(int Part, TaskCompletionSource Waiter)> _waiting = [];
    private bool _ended;

    /// <summary>Blocks from the one that fetches leftwards to the one that owns the tile.</summary>
    public int Steps => steps;

    /// <summary>Whether a part has come.</summary>
    public bool Has(int part)
    {
        lock (_lock)
            return _here.Contains(part);
    }

    /// <summary>
    /// Enters someone who waits for a part: it is released when the part has come, or when no more will come. Whoever waits
    /// may release itself before.
    /// </summary>
    /// <returns>Null when there is nothing to wait for.</returns>
    public TaskCompletionSource? Await(int part)
    {
        lock (_lock)
        {
            if (_ended || _here.Contains(part))
                return null;
            var waiter = new TaskCompletionSource();
            _waiting.Add((part, waiter));
            return waiter;
        }
    }

    /// <summary>A part has come: its bytes are in their place and change no more.</summary>
    public void Came(int part)
    {
        lock (_lock)
            _here.Add(part);
        Release(part);
    }

    /// <summary>The tile is whole, or its fetch has failed.</summary>
    public void End()
    {
        lock (_lock)
            _ended = true;
        Release(null);
    }

    private void Release(int? part)
    {
        List<TaskCompletionSource> released;
        lock (_lock)
        {
            released = [.. _waiting.Where(waiting => part is null || waiting.Part == part).Select(waiting => waiting.Waiter)];
            _waiting.RemoveAll(waiting => part is null || waiting.Part == part);
        }
        foreach (TaskCompletionSource waiter in released)
            waiter.TrySetResult();
    }
}
