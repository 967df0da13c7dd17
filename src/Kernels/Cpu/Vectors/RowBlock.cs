using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>The rows that are worked on together, and what each group of six of them sees of the span.</summary>
/// <param name="First">First row.</param>
/// <param name="Rows">Rows, at most <see cref="Blocking.BlockRows"/>.</param>
/// <param name="Ranges">Per group, the keys it sees.</param>
internal readonly unsafe record struct RowBlock(int First, int Rows, nint Ranges)
{
    /// <summary>Groups of six rows; the last one may have fewer.</summary>
    public int Groups => (Rows + Blocking.GroupRows - 1) / Blocking.GroupRows;

    /// <summary>Rows of a group.</summary>
    public int RowsOf(int group) => Math.Min(Blocking.GroupRows, Rows - group * Blocking.GroupRows);

    /// <summary>Per group, the keys it sees.</summary>
    public KeyRange* Seen => (KeyRange*)Ranges;

    /// <summary>Whether any row sees any of <paramref name="keys"/>.</summary>
    public bool SeesAny(KeyRange keys)
    {
        for (int group = 0; group < Groups; group++)
        {
            if (Seen[group].First < keys.End && keys.First < Seen[group].End)
                return true;
        }
        return false;
    }

    /// <summary>The block that begins at row <paramref name="first"/> of <paramref name="rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowBlock At(int first, int rows, MaskWords? mask, int keys, KeyRange* ranges)
    {
        var block = new RowBlock(first, Math.Min(Blocking.BlockRows, rows - first), (nint)ranges);
        for (int group = 0; group < block.Groups; group++)
        {
            int row = first + group * Blocking.GroupRows;
            ranges[group] = KeyRange.Of(mask, keys, row, Math.Min(row + Blocking.GroupRows, first + block.Rows));
        }
        return block;
    }
}
