using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Distributed.Engine.Telemetry;

namespace Distributed.Engine.Compute;

/// <summary>
/// The process's compute threads: dedicated background threads with scratch memory of their own and a bounded queue, so
/// that tensor work never runs on the thread pool that serves everything else.
/// </summary>
public sealed class ComputePool : ICompute, IDisposable
{
    private const int QueuedPerThread = 4;

    private readonly BlockingCollection<Action<ComputeScratch>> _queue = [];
    private readonly SemaphoreSlim _room;
    private readonly Thread[] _threads;

    private static readonly ConcurrentDictionary<int, Lazy<ComputePool>> Pools = [];

    /// <summary>
    /// The pool of so many threads that jobs in this process share; it is never disposed. Its threads, and their scratch
    /// memory, are there for the next job.
    /// </summary>
    /// <param name="threads">How many.</param>
    public static ComputePool Shared(int threads) =>
        Pools.GetOrAdd(threads, count => new Lazy<ComputePool>(() => new ComputePool(count))).Value;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">How many.</param>
    public ComputePool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _room = new SemaphoreSlim(threads * (1 + QueuedPerThread));
        _threads = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"compute {i}" };
            _threads[i].Start();
        }
        ComputeLoad.Joined(threads);
    }

    /// <summary>Compute threads.</summary>
    public int Threads => _threads.Length;

    /// <summary>
    /// Runs <paramref name="work"/> on a compute thread. Waits without blocking while the queue is full.
    /// </summary>
    /// <returns>Completes when the work has run; carries its exception if it threw.</returns>
    /// <exception cref="OperationCanceledException">Cancelled before the work began.</exception>
    public async Task RunAsync(Action<ComputeScratch> work, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        await _room.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ComputeLoad.Waits();
            _queue.Add(scratch => Run(work, scratch, done, cancellation), CancellationToken.None);
            await done.Task.ConfigureAwait(false);
        }
        finally
        {
            _room.Release();
        }
    }

    /// <inheritdoc/>
    public async Task RunAllAsync(IEnumerable<Action<ComputeScratch>> work, CancellationToken cancellation = default)
    {
        // Each thread takes the next item by itself: handing over every one would cost more than a small item does.
        Action<ComputeScratch>[] items = [.. work];
        var errors = new ConcurrentQueue<Exception>();
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Threads, items.Length)).Select(_ => RunAsync(TakeItems, cancellation)))
            .ConfigureAwait(false);
        if (errors.TryPeek(out Exception? first))
            ExceptionDispatchInfo.Throw(first);

        void TakeItems(ComputeScratch scratch)
        {
            for (int item; (item = Interlocked.Increment(ref next) - 1) < items.Length;)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    items[item](scratch);
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    errors.Enqueue(error);
                }
            }
        }
    }

    /// <summary>Lets the queued work end, then ends the threads.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        foreach (Thread thread in _threads)
            thread.Join();
        ComputeLoad.Left(Threads);
        _queue.Dispose();
        _room.Dispose();
    }

    private static void Run(
        Action<ComputeScratch> work, ComputeScratch scratch, TaskCompletionSource done, CancellationToken cancellation)
    {
        try
        {
            cancellation.ThrowIfCancellationRequested();
            work(scratch);
            done.SetResult();
        }
        catch (OperationCanceledException cancelled)
        {
            done.SetCanceled(cancelled.CancellationToken);
        }
#pragma warning disable CA1031 // Whatever the work throws is the awaiting caller's, not this thread's.
        catch (Exception error)
#pragma warning restore CA1031
        {
            done.SetException(error);
        }
    }

    private void Work()
    {
        using var scratch = new ComputeScratch();
        foreach (Action<ComputeScratch> item in _queue.GetConsumingEnumerable())
        {
            long began = ComputeLoad.Begins();
            item(scratch);
            ComputeLoad.Ends(began);
        }
    }
}
