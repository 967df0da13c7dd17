namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// How the columns of the values are cut into strips: as few as registers allow, and as equal as can be, since a strip
/// of one register leaves the multiply-add pipes waiting (80 columns are 48 + 32, not 64 + 16).
/// </summary>
/// <param name="valueDim">Elements of a value.</param>
/// <param name="maxVectors">The widest strip, in vectors of 16.</param>
internal readonly struct ColumnStrips(int valueDim, int maxVectors)
{
    /// <summary>Vectors of 16 columns, the last one padded with zeros.</summary>
    public int Vectors => (valueDim + 15) / 16;

    /// <summary>Columns with their padding.</summary>
    public int Columns => Vectors * 16;

    /// <summary>Strips.</summary>
    public int Count => (Vectors + maxVectors - 1) / maxVectors;

    /// <summary>Vectors of strip <paramref name="index"/>.</summary>
    public int VectorsOf(int index) => Vectors / Count + (index < Vectors % Count ? 1 : 0);

    /// <summary>First column of strip <paramref name="index"/>.</summary>
    public int FirstColumnOf(int index) => 16 * (index * (Vectors / Count) + Math.Min(index, Vectors % Count));
}
