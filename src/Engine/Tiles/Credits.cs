namespace Distributed.Engine.Tiles;

/// <summary>
/// How many requests may be under way at a time. Whoever waits goes on in the order of asking, and at once: nothing is left
/// to the thread pool, so that a simulated clock decides all that happens.
/// </summary>
/// <param name="count">Requests under way at most.</param>
public sealed class Credits(int count)
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private int _left = count;

    /// <summary>Takes a credit, or waits for one.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited; no credit was taken.</exception>
    public async Task TakeAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource();
        lock (_lock)
        {
            if (_left > 0)
            {
                _left--;
                return;
            }
            _waiting.Enqueue(waiter);
        }
        using CancellationTokenRegistration _ = cancellation.Register(() => waiter.TrySetCanceled(cancellation));
        await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a credit back.</summary>
    public void Give()
    {
        while (true)
        {
            TaskCompletionSource? next;
            lock (_lock)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    _left++;
                    return;
                }
            }
            if (next.TrySetResult())
                return;
        }
    }
}
