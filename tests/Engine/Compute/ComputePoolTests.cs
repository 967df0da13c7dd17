using Distributed.Engine.Compute;

namespace Distributed.Engine.Tests.Compute;

public class ComputePoolTests
{
    [Fact]
    public async Task Runs_all_work_on_its_own_threads()
    {
        using var pool = new ComputePool(3);
        var names = new System.Collections.Concurrent.ConcurrentBag<string?>();

        await pool.RunAllAsync(
            Enumerable.Range(0, 500).Select(_ => (Action<ComputeScratch>)(_ => names.Add(Thread.CurrentThread.Name))),
            TestContext.Current.CancellationToken);

        Assert.Equal(500, names.Count);
        Assert.All(names, name => Assert.StartsWith("compute ", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Carries_an_error_to_the_caller_and_goes_on()
    {
        using var pool = new ComputePool(1);

        await Assert.ThrowsAsync<InvalidDataException>(() => pool.RunAsync(_ => throw new InvalidDataException("broken")));

        int ran = 0;
        await pool.RunAsync(_ => ran++);
        Assert.Equal(1, ran);
    }

    [Fact]
    public async Task Work_cancelled_in_the_queue_does_not_run()
    {
        using var pool = new ComputePool(1);
        using var release = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        Task first = pool.RunAsync(_ => release.Wait());
        bool ran = false;
        Task second = pool.RunAsync(_ => ran = true, cancellation.Token);

        await cancellation.CancelAsync();
        release.Set();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(ran);
    }
}
