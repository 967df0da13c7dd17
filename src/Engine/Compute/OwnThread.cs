namespace Distributed.Engine.Compute;

/// <summary>Runs work at once on the compute thread that asks for it: nothing is handed over, nothing is waited for.</summary>
/// <param name="scratch">The thread's memory.</param>
internal sealed class OwnThread(ComputeScratch scratch) : ICompute
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
