namespace Distributed.Kernels.Cpu.Roofline;

/// <summary>Threads that begin a measured piece of work at the same moment.</summary>
internal static class Workers
{
    /// <summary>Runs <paramref name="work"/> on <paramref name="threads"/> threads, the caller's among them, and waits for all.</summary>
    public static void Run(int threads, Action<int> work)
    {
        if (threads == 1)
        {
            work(0);
            return;
        }
        using var start = new Barrier(threads);
        Exception? failure = null;
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(thread => new Thread(() => Guarded(thread)) { IsBackground = true })];
        foreach (Thread other in others)
            other.Start();
        Guarded(0);
        foreach (Thread other in others)
            other.Join();
        if (failure is not null)
            throw new InvalidOperationException("A measuring thread failed.", failure);

        void Guarded(int thread)
        {
            start.SignalAndWait();
            try
            {
                work(thread);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        }
    }
}
