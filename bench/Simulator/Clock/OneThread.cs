using System.Runtime.ExceptionServices;

namespace Distributed.Simulator.Clock;

/// <summary>
/// Runs something on a thread without a synchronisation context, where whatever goes on goes on at once, and with room for
/// deep stacks: so nothing is left to the thread pool, and the order of all events hangs on the clock alone.
/// </summary>
internal static class OneThread
{
    private const int StackBytes = 64 << 20;

    /// <summary>Runs it to its end.</summary>
    public static T Run<T>(Func<T> work)
    {
        (T? result, ExceptionDispatchInfo? error) = (default, null);
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = work();
                }
#pragma warning disable CA1031 // It is thrown again on the thread that waits.
                catch (Exception thrown)
#pragma warning restore CA1031
                {
                    error = ExceptionDispatchInfo.Capture(thrown);
                }
            },
            StackBytes);
        thread.Start();
        thread.Join();
        error?.Throw();
        return result!;
    }
}
