using System.Diagnostics;

namespace Distributed.Cluster.Tests;

/// <summary>Waits for conditions; a wait that fails says what it waited for.</summary>
internal static class Until
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    /// <summary>Waits until <paramref name="look"/> finds something.</summary>
    public static async Task<T> FoundAsync<T>(Func<Task<T?>> look, TimeSpan within, Func<string> what)
        where T : class
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await look() is { } found)
                return found;
            Assert.True(Stopwatch.GetElapsedTime(began) < within, $"Waited {within.TotalSeconds:f0} s for {what()}");
            await Task.Delay(Interval);
        }
    }
}
