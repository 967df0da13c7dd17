namespace Distributed.Grains.Hosting;

/// <summary>Tells a call that did not get through, or whose silo died, from one whose work failed.</summary>
public static class CallFailure
{
    /// <summary>Whether the call may be made again.</summary>
    /// <remarks>Orleans ends calls to silos that die with several exceptions, cancellation among them.</remarks>
    public static bool Is(Exception error) => error is OrleansException or TimeoutException or OperationCanceledException;
}
