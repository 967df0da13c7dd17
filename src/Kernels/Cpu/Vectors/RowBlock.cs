using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>The rows that are worked on together, and what each group of six of them sees of the span.</summary>
/// <param name="First">First row.</param>
/// <param name="Rows">Rows, at most <see cref="Blocking.BlockRows"/>.</param>
/// <param name="Keys">Keys of the span.</param>
/// <param name="Views">Per group, what it sees: <see cref="GroupView"/>.</param>
internal readonly unsafe record struct RowBlock(int First, int Rows, int Keys, nint Views)
{
    /// <summary>Groups of six rows; the last one may have fewer.</summary>
    public int Groups => (Rows + Blocking.GroupRows - 1) / Blocking.GroupRows;

    /// <summary>Rows of a group.</summary>
    public int RowsOf(int group) => Math.Min(Blocking.GroupRows, Rows - group * Blocking.GroupRows);

    /// <summary>What a group sees.</summary>
    public GroupView View(int group) => ((GroupView*)Views)[group];

    /// <summary>The keys from the first to the last that a group sees.</summary>
    public KeyRange Seen(int group) => View(group).Range(Keys);

    /// <summary>Whether any row sees any of <paramref name="keys"/>.</summary>
    public bool SeesAny(KeyRange keys)
    {
        for (int group = 0; group < Groups; group++)
        {
            KeyRange seen = Seen(group);
            if (seen.First < keys.End && keys.First < seen.End)
                return true;
        }
        return false;
    }

    /// <summary>The block that begins at row <paramref name="first"/> of <paramref name="rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowBlock At(int first, int rows, MaskWords? mask, int keys, GroupView* views)
    {
        var block = new RowBlock(first, Math.Min(Blocking.BlockRows, rows - first), keys, (nint)views);
        for (int group = 0; group < block.Groups; group++)
        {
            int row = first + group * Blocking.GroupRows;
            views[group] = GroupView.Of(mask, keys, row, Math.Min(row + Blocking.GroupRows, first + block.Rows));
        }
        return block;
    }
}
