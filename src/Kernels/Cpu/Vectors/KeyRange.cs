namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Consecutive keys of a span.</summary>
/// <param name="First">First key.</param>
/// <param name="End">The key behind the last one; not above <see cref="First"/> if there is none.</param>
internal readonly record struct KeyRange(int First, int End)
{
    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => End <= First;
}
