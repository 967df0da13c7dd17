namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>What is done, piece by piece, between the steps of a register tile's product.</summary>
internal interface ITileWork
{
    /// <summary>Whether there is any such work: the just-in-time compiler leaves it out of tiles that have none.</summary>
    static abstract bool Any { get; }

    /// <summary>Pieces still to do.</summary>
    int Pieces { get; }

    /// <summary>Does the next piece; without a call, across which the sums would have to go to memory.</summary>
    void Next();
}

/// <summary>Nothing.</summary>
internal readonly struct NoWork : ITileWork
{
    /// <inheritdoc/>
    public static bool Any => false;

    /// <inheritdoc/>
    public int Pieces => 0;

    /// <inheritdoc/>
    public void Next()
    {
    }
}
