namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Rows of a register tile, as a type: the just-in-time compiler makes a tile of its own for each, without the sums that a
/// smaller one does not have.
/// </summary>
internal interface IRowCount
{
    /// <summary>Rows.</summary>
    static abstract int Count { get; }
}

/// <summary>A whole group: <see cref="Blocking.GroupRows"/> rows.</summary>
internal readonly struct SixRows : IRowCount
{
    /// <inheritdoc/>
    public static int Count => Blocking.GroupRows;
}

/// <summary>A group with four rows or three; many models have four query heads to a key head.</summary>
internal readonly struct FourRows : IRowCount
{
    /// <inheritdoc/>
    public static int Count => 4;
}
