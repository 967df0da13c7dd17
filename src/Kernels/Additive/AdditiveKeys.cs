using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Additive;

/// <summary>Projected keys as <see cref="AdditiveScores"/> reads them: in panels of 16 keys.</summary>
/// <param name="data">As <see cref="Pack"/> left it.</param>
/// <param name="keys">Keys.</param>
/// <param name="dim">Elements of a projected key.</param>
internal readonly unsafe struct AdditiveKeys(byte* data, int keys, int dim)
{
    /// <summary>Keys of a panel.</summary>
    public const int Width = 16;

    /// <summary>Elements with their padding.</summary>
    public int Padded => (dim + 3) & ~3;

    /// <summary>Panels; the last one is filled up with keys of zeros.</summary>
    public int Panels => (keys + Width - 1) / Width;

    /// <summary>e^(2k) of a panel: <c>[padded, 16]</c>.</summary>
    public float* Powers(int panel) => (float*)data + (nint)panel * Padded * Width;

    /// <summary>k of a panel: <c>[padded, 16]</c>.</summary>
    public float* Plain(int panel) => Powers(Panels + panel);

    /// <summary>Per panel, a bit for each key whose scores must be made the long way.</summary>
    public ushort* Wide => (ushort*)Powers(2 * Panels);

    /// <summary>Bytes that <see cref="Pack"/> writes.</summary>
    public static nuint Bytes(int keys, int dim)
    {
        var of = new AdditiveKeys(null, keys, dim);
        return (nuint)of.Panels * (2 * (nuint)of.Padded * Width * sizeof(float) + sizeof(ushort));
    }

    /// <summary>Packs keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(TensorRows rows, byte* destination)
    {
        var packed = new AdditiveKeys(destination, rows.Count, rows.Dim);
        for (int panel = 0; panel < packed.Panels; panel++)
        {
            float* plain = packed.Plain(panel), powers = packed.Powers(panel);
            int wide = 0;
            for (int lane = 0; lane < Width; lane++)
            {
                int key = panel * Width + lane;
                for (int a = 0; a < packed.Padded; a++)
                {
                    float x = key < rows.Count && a < rows.Dim ? ElementReader.Read(rows, key, a) : 0f;
                    plain[a * Width + lane] = x;
                    powers[a * Width + lane] = TanhSum.Power(x);
                    wide |= MathF.Abs(x) <= TanhSum.Widest ? 0 : 1 << lane;
                }
            }
            packed.Wide[panel] = (ushort)wide;
        }
    }
}
