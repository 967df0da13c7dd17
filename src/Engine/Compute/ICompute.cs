namespace Distributed.Engine.Compute;

/// <summary>Where the tensor work of block workers runs.</summary>
public interface ICompute
{
    /// <summary>Runs all of the work, the first items first.</summary>
    /// <returns>Completes when all has run; carries the first exception, after every item has ended.</returns>
    Task RunAllAsync(IEnumerable<Action<ComputeScratch>> work, CancellationToken cancellation = default);
}
