namespace Distributed.Kernels.Masks;

/// <summary>What a mask leaves of a rectangle of the attention matrix.</summary>
public enum TileClass
{
    /// <summary>Nothing: it is neither fetched nor computed.</summary>
    Skip,

    /// <summary>Some of it: it is computed with the mask applied.</summary>
    Partial,

    /// <summary>All of it: it is computed without a mask.</summary>
    Full,
}
