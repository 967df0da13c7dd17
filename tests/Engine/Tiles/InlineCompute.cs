using Distributed.Engine.Compute;

namespace Distributed.Engine.Tests.Tiles;

/// <summary>Does the work where it is asked for, so that a simulated clock stands still meanwhile.</summary>
internal sealed class InlineCompute : ICompute, IDisposable
{
    private readonly ComputeScratch _scratch = new();

    public Task RunAllAsync(IEnumerable<Action<ComputeScratch>> work, CancellationToken cancellation)
    {
        foreach (Action<ComputeScratch> item in work.ToArray())
            item(_scratch);
        return Task.CompletedTask;
    }

    public void Dispose() => _scratch.Dispose();
}
