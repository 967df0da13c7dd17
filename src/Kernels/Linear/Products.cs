using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Linear;

/// <summary>
/// Products of small matrices, c += a · b, in register tiles of six rows by sixty-four columns. A number of c is one chain of
/// multiply-adds over at most <see cref="ChunkSteps"/> steps, added to what was there: the same bits for any tiling.
/// </summary>
internal static unsafe class Products
{
    /// <summary>Steps that are summed from 0 before that sum is added.</summary>
    public const int ChunkSteps = 128;

    private const int Rows = 6, Lanes = 16, Strip = 4 * Lanes;

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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int steps)
    {
        for (int step = 0; step < steps; step += ChunkSteps, a += ChunkSteps * aStep, b += ChunkSteps * bRow)
        {
            int count = Math.Min(ChunkSteps, steps - step), column = 0;
            for (; column + Strip <= columns; column += Strip)
            {
                int row = 0;
                for (; row + Rows <= rows; row += Rows)
                    Tile(a + row * aRow, aRow, aStep, b + column, bRow, c + row * cRow + column, cRow, count);
                for (; row < rows; row++)
                    Row(a + row * aRow, aStep, b + column, bRow, c + row * cRow + column, count);
            }
            for (; column < columns; column += Lanes)
            {
                int row = 0;
                for (; row + Rows <= rows; row += Rows)
                    Column(a + row * aRow, aRow, aStep, b + column, bRow, c + row * cRow + column, cRow, count);
                for (; row < rows; row++)
                    One(a + row * aRow, aStep, b + column, bRow, c + row * cRow + column, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int steps)
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = Vector512<float>.Zero, s02 = Vector512<float>.Zero, s03 = Vector512<float>.Zero;
        Vector512<float> s10 = Vector512<float>.Zero, s11 = Vector512<float>.Zero, s12 = Vector512<float>.Zero, s13 = Vector512<float>.Zero;
        Vector512<float> s20 = Vector512<float>.Zero, s21 = Vector512<float>.Zero, s22 = Vector512<float>.Zero, s23 = Vector512<float>.Zero;
        Vector512<float> s30 = Vector512<float>.Zero, s31 = Vector512<float>.Zero, s32 = Vector512<float>.Zero, s33 = Vector512<float>.Zero;
        Vector512<float> s40 = Vector512<float>.Zero, s41 = Vector512<float>.Zero, s42 = Vector512<float>.Zero, s43 = Vector512<float>.Zero;
        Vector512<float> s50 = Vector512<float>.Zero, s51 = Vector512<float>.Zero, s52 = Vector512<float>.Zero, s53 = Vector512<float>.Zero;
        for (; steps > 0; steps--, a += aStep, b += bRow)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16), b2 = Vector512.Load(b + 32), b3 = Vector512.Load(b + 48);
            Vector512<float> x0 = Vector512.Create(*a);
            s00 = Vector512.FusedMultiplyAdd(x0, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(x0, b1, s01);
            s02 = Vector512.FusedMultiplyAdd(x0, b2, s02);
            s03 = Vector512.FusedMultiplyAdd(x0, b3, s03);
            Vector512<float> x1 = Vector512.Create(a[aRow]);
            s10 = Vector512.FusedMultiplyAdd(x1, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(x1, b1, s11);
            s12 = Vector512.FusedMultiplyAdd(x1, b2, s12);
            s13 = Vector512.FusedMultiplyAdd(x1, b3, s13);
            Vector512<float> x2 = Vector512.Create(a[2 * aRow]);
            s20 = Vector512.FusedMultiplyAdd(x2, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(x2, b1, s21);
            s22 = Vector512.FusedMultiplyAdd(x2, b2, s22);
            s23 = Vector512.FusedMultiplyAdd(x2, b3, s23);
            Vector512<float> x3 = Vector512.Create(a[3 * aRow]);
            s30 = Vector512.FusedMultiplyAdd(x3, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(x3, b1, s31);
            s32 = Vector512.FusedMultiplyAdd(x3, b2, s32);
            s33 = Vector512.FusedMultiplyAdd(x3, b3, s33);
            Vector512<float> x4 = Vector512.Create(a[4 * aRow]);
            s40 = Vector512.FusedMultiplyAdd(x4, b0, s40);
            s41 = Vector512.FusedMultiplyAdd(x4, b1, s41);
            s42 = Vector512.FusedMultiplyAdd(x4, b2, s42);
            s43 = Vector512.FusedMultiplyAdd(x4, b3, s43);
            Vector512<float> x5 = Vector512.Create(a[5 * aRow]);
            s50 = Vector512.FusedMultiplyAdd(x5, b0, s50);
            s51 = Vector512.FusedMultiplyAdd(x5, b1, s51);
            s52 = Vector512.FusedMultiplyAdd(x5, b2, s52);
            s53 = Vector512.FusedMultiplyAdd(x5, b3, s53);
        }
        (Vector512.Load(c) + s00).Store(c);
        (Vector512.Load(c + 16) + s01).Store(c + 16);
        (Vector512.Load(c + 32) + s02).Store(c + 32);
        (Vector512.Load(c + 48) + s03).Store(c + 48);
        (Vector512.Load(c + cRow) + s10).Store(c + cRow);
        (Vector512.Load(c + cRow + 16) + s11).Store(c + cRow + 16);
        (Vector512.Load(c + cRow + 32) + s12).Store(c + cRow + 32);
        (Vector512.Load(c + cRow + 48) + s13).Store(c + cRow + 48);
        (Vector512.Load(c + 2 * cRow) + s20).Store(c + 2 * cRow);
        (Vector512.Load(c + 2 * cRow + 16) + s21).Store(c + 2 * cRow + 16);
        (Vector512.Load(c + 2 * cRow + 32) + s22).Store(c + 2 * cRow + 32);
        (Vector512.Load(c + 2 * cRow + 48) + s23).Store(c + 2 * cRow + 48);
        (Vector512.Load(c + 3 * cRow) + s30).Store(c + 3 * cRow);
        (Vector512.Load(c + 3 * cRow + 16) + s31).Store(c + 3 * cRow + 16);
        (Vector512.Load(c + 3 * cRow + 32) + s32).Store(c + 3 * cRow + 32);
        (Vector512.Load(c + 3 * cRow + 48) + s33).Store(c + 3 * cRow + 48);
        (Vector512.Load(c + 4 * cRow) + s40).Store(c + 4 * cRow);
        (Vector512.Load(c + 4 * cRow + 16) + s41).Store(c + 4 * cRow + 16);
        (Vector512.Load(c + 4 * cRow + 32) + s42).Store(c + 4 * cRow + 32);
        (Vector512.Load(c + 4 * cRow + 48) + s43).Store(c + 4 * cRow + 48);
        (Vector512.Load(c + 5 * cRow) + s50).Store(c + 5 * cRow);
        (Vector512.Load(c + 5 * cRow + 16) + s51).Store(c + 5 * cRow + 16);
        (Vector512.Load(c + 5 * cRow + 32) + s52).Store(c + 5 * cRow + 32);
        (Vector512.Load(c + 5 * cRow + 48) + s53).Store(c + 5 * cRow + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Column(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int steps)
    {
        Vector512<float> s00 = Vector512<float>.Zero;
        Vector512<float> s10 = Vector512<float>.Zero;
        Vector512<float> s20 = Vector512<float>.Zero;
        Vector512<float> s30 = Vector512<float>.Zero;
        Vector512<float> s40 = Vector512<float>.Zero;
        Vector512<float> s50 = Vector512<float>.Zero;
        for (; steps > 0; steps--, a += aStep, b += bRow)
        {
            Vector512<float> b0 = Vector512.Load(b);
            Vector512<float> x0 = Vector512.Create(*a);
            s00 = Vector512.FusedMultiplyAdd(x0, b0, s00);
            Vector512<float> x1 = Vector512.Create(a[aRow]);
            s10 = Vector512.FusedMultiplyAdd(x1, b0, s10);
            Vector512<float> x2 = Vector512.Create(a[2 * aRow]);
            s20 = Vector512.FusedMultiplyAdd(x2, b0, s20);
            Vector512<float> x3 = Vector512.Create(a[3 * aRow]);
            s30 = Vector512.FusedMultiplyAdd(x3, b0, s30);
            Vector512<float> x4 = Vector512.Create(a[4 * aRow]);
            s40 = Vector512.FusedMultiplyAdd(x4, b0, s40);
            Vector512<float> x5 = Vector512.Create(a[5 * aRow]);
            s50 = Vector512.FusedMultiplyAdd(x5, b0, s50);
        }
        (Vector512.Load(c) + s00).Store(c);
        (Vector512.Load(c + cRow) + s10).Store(c + cRow);
        (Vector512.Load(c + 2 * cRow) + s20).Store(c + 2 * cRow);
        (Vector512.Load(c + 3 * cRow) + s30).Store(c + 3 * cRow);
        (Vector512.Load(c + 4 * cRow) + s40).Store(c + 4 * cRow);
        (Vector512.Load(c + 5 * cRow) + s50).Store(c + 5 * cRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(float* a, nint aStep, float* b, nint bRow, float* c, int steps)
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = Vector512<float>.Zero, s02 = Vector512<float>.Zero, s03 = Vector512<float>.Zero;
        for (; steps > 0; steps--, a += aStep, b += bRow)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16), b2 = Vector512.Load(b + 32), b3 = Vector512.Load(b + 48);
            Vector512<float> x0 = Vector512.Create(*a);
            s00 = Vector512.FusedMultiplyAdd(x0, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(x0, b1, s01);
            s02 = Vector512.FusedMultiplyAdd(x0, b2, s02);
            s03 = Vector512.FusedMultiplyAdd(x0, b3, s03);
        }
        (Vector512.Load(c) + s00).Store(c);
        (Vector512.Load(c + 16) + s01).Store(c + 16);
        (Vector512.Load(c + 32) + s02).Store(c + 32);
        (Vector512.Load(c + 48) + s03).Store(c + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* a, nint aStep, float* b, nint bRow, float* c, int steps)
    {
        Vector512<float> s00 = Vector512<float>.Zero;
        for (; steps > 0; steps--, a += aStep, b += bRow)
        {
            Vector512<float> b0 = Vector512.Load(b);
            Vector512<float> x0 = Vector512.Create(*a);
            s00 = Vector512.FusedMultiplyAdd(x0, b0, s00);
        }
        (Vector512.Load(c) + s00).Store(c);
    }
}
