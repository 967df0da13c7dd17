namespace Distributed.Silo.Jobs;

/// <summary>The records of the queue belong to another queue by now: nothing was written.</summary>
/// <param name="cause">What was found instead of them.</param>
public sealed class SupersededException(Exception cause)
    : Exception("Another server has taken over the queue; ask again.", cause);
