namespace Distributed.Engine.Compute;

/// <summary>
/// Runs work where it is asked for: pieces so small that it takes longer to wake other threads for each than to do it, or
/// work on a thread that a compute pool has given already. What is awaited has ended already.
/// </summary>
/// <param name="scratch">Memory of the thread.</param>
internal sealed class ThisThread(ComputeScratch scratch) : ICompute
{
    /// <inheritdoc/>
    public Task RunAllAsync(IEnumerable<Action<ComputeScratch>> work, CancellationToken cancellation = default)
    {
        foreach (Action<ComputeScratch> item in work)
        {
            cancellation.ThrowIfCancellationRequested();
            item(scratch);
        }
        return Task.CompletedTask;
    }
}
