namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// How the columns of the values are cut into strips: as few as registers allow, and as equal as can be, since a strip
/// of one register leaves the multiply-add pipes waiting (80 columns are 48 + 32, not 64 + 16).
/// </summary>
/// <param name="valueDim">Elements of a value.</param>
/// <param name="maxVectors">The widest strip, in vectors of 16.</param>
internal readonly struct ColumnStrips(int valueDim, int maxVectors)
{
    /// <summary>Elements of a value.</summary>
    public int ValueDim => valueDim;

    /// <summary>Vectors of 16 columns, the last one padded with zeros.</summary>
    public int Vectors => (valueDim + 15) / 16;

    /// <summary>Columns with their padding.</summary>
    public int Columns => Vectors * 16;

    /// <summary>Strips.</summary>
    public int Count => (Vectors + maxVectors - 1) / maxVectors;

    /// <summary>Strip <paramref name="index"/>.</summary>
    public ColumnStrip this[int index]
    {
        get
        {
            (int each, int wider) = Math.DivRem(Vectors, Count);
            return new ColumnStrip(16 * (index * each + Math.Min(index, wider)), each + (index < wider ? 1 : 0));
        }
    }
}

/// <summary>Columns that a register tile covers.</summary>
/// <param name="First">First column.</param>
/// <param name="Vectors">Vectors of 16 columns.</param>
internal readonly record struct ColumnStrip(int First, int Vectors)
{
    /// <summary>Columns.</summary>
    public int Width => 16 * Vectors;
}
