namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// How the columns of the values are cut into strips: as few as registers allow, and as equal as can be, since a strip
/// of one register leaves the multiply-add pipes waiting (80 columns are 48 + 32, not 64 + 16).
/// </summary>
internal readonly struct ColumnStrips
{
    // Looked up for every register tile: divided once.
    private readonly int _each, _wider;

    /// <summary>Cuts the columns.</summary>
    /// <param name="valueDim">Elements of a value.</param>
    /// <param name="maxVectors">The widest strip, in vectors of 16.</param>
    public ColumnStrips(int valueDim, int maxVectors)
    {
        ValueDim = valueDim;
        Vectors = (valueDim + 15) / 16;
        Count = (Vectors + maxVectors - 1) / maxVectors;
        (_each, _wider) = Count == 0 ? (0, 0) : Math.DivRem(Vectors, Count);
    }

    /// <summary>Elements of a value.</summary>
    public int ValueDim { get; }

    /// <summary>Vectors of 16 columns, the last one padded with zeros.</summary>
    public int Vectors { get; }

    /// <summary>Columns with their padding.</summary>
    public int Columns => Vectors * 16;

    /// <summary>Strips.</summary>
    public int Count { get; }

    /// <summary>Strip <paramref name="index"/>.</summary>
    public ColumnStrip this[int index] =>
        new(16 * (index * _each + Math.Min(index, _wider)), _each + (index < _wider ? 1 : 0));
}

/// <summary>Columns that a register tile covers.</summary>
/// <param name="First">First column.</param>
/// <param name="Vectors">Vectors of 16 columns.</param>
internal readonly record struct ColumnStrip(int First, int Vectors)
{
    /// <summary>Columns.</summary>
    public int Width => 16 * Vectors;
}
