using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Cpu.Vectors;

namespace Distributed.Kernels.Linear;

/// <summary>
/// Products of small matrices, c += a · b, in register tiles. A number of c is one chain of multiply-adds over at most
/// <see cref="ChunkSteps"/> steps, added to what was there: the same bits for any tiling.
/// </summary>
internal abstract unsafe class Products
{
    /// <summary>Steps that are summed from 0 before that sum is added.</summary>
    public const int ChunkSteps = 128;

    /// <summary>Those of the widest registers that this machine has.</summary>
    public static Products Best { get; } =
        Avx512DQ.IsSupported ? new StripProducts<Lanes512, Strip512x2, Strip512x3, Strip512x4>(4)
        : Avx2.IsSupported && Fma.IsSupported ? new StripProducts<Lanes256, Lanes256, Lanes256, Lanes256>(1)
        : new StripProducts<Lanes128, Lanes128, Lanes128, Lanes128>(1);

    /// <summary>Adds a product.</summary>
    /// <param name="a">Numbers of a.</param>
    /// <param name="aRow">Numbers from one row of a to the next.</param>
    /// <param name="aStep">Numbers from one column of a to the next.</param>
    /// <param name="b">Numbers of b, row after row.</param>
    /// <param name="bRow">Numbers from one row of b to the next.</param>
    /// <param name="c">Numbers of c.</param>
    /// <param name="cRow">Numbers from one row of c to the next.</param>
    /// <param name="rows">Rows of a and c.</param>
    /// <param name="columns">Columns of b and c; a multiple of 16.</param>
    /// <param name="steps">Columns of a and rows of b.</param>
    public abstract void Add(
        float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int steps);

    /// <summary>Writes rows as columns, <see cref="FeatureSums.ChunkKeys"/> numbers apart, with zeros for rows that are not there.</summary>
    /// <param name="rows"><c>[count, padded dim]</c>.</param>
    /// <param name="count">Rows, at most <see cref="FeatureSums.ChunkKeys"/>.</param>
    /// <param name="dim">Elements of a row.</param>
    /// <param name="turned"><c>[padded dim, ChunkKeys]</c>.</param>
    public abstract void Turn(float* rows, int count, int dim, float* turned);
}
