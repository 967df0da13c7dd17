using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Exact;
using ILGPU;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>
/// A warp's weighted values of 16 rows by 128 columns: a thread has two of each eight columns, of rows g (X, Y) and g + 8 (Z, W).
/// </summary>
internal struct OutputTile
{
    public Float4 N0, N1, N2, N3, N4, N5, N6, N7, N8, N9, N10, N11, N12, N13, N14, N15;

    /// <summary>Adds the products of weights and values of 16 keys, for 32 columns from a quarter on.</summary>
    /// <param name="weights">16 rows by 16 keys.</param>
    /// <param name="left">16 keys by the first 16 columns.</param>
    /// <param name="right">16 keys by the next 16.</param>
    public void Multiply0<TElements>(Chunk weights, Chunk left, Chunk right)
        where TElements : struct, ITensorElements
    {
        N0 = TElements.Multiply(N0, weights, left.A, left.B);
        N1 = TElements.Multiply(N1, weights, left.C, left.D);
        N2 = TElements.Multiply(N2, weights, right.A, right.B);
        N3 = TElements.Multiply(N3, weights, right.C, right.D);
    }

    /// <inheritdoc cref="Multiply0{TElements}(Chunk, Chunk, Chunk)"/>
    public void Multiply1<TElements>(Chunk weights, Chunk left, Chunk right)
        where TElements : struct, ITensorElements
    {
        N4 = TElements.Multiply(N4, weights, left.A, left.B);
        N5 = TElements.Multiply(N5, weights, left.C, left.D);
        N6 = TElements.Multiply(N6, weights, right.A, right.B);
        N7 = TElements.Multiply(N7, weights, right.C, right.D);
    }

    /// <inheritdoc cref="Multiply0{TElements}(Chunk, Chunk, Chunk)"/>
    public void Multiply2<TElements>(Chunk weights, Chunk left, Chunk right)
        where TElements : struct, ITensorElements
    {
        N8 = TElements.Multiply(N8, weights, left.A, left.B);
        N9 = TElements.Multiply(N9, weights, left.C, left.D);
        N10 = TElements.Multiply(N10, weights, right.A, right.B);
        N11 = TElements.Multiply(N11, weights, right.C, right.D);
    }

    /// <inheritdoc cref="Multiply0{TElements}(Chunk, Chunk, Chunk)"/>
    public void Multiply3<TElements>(Chunk weights, Chunk left, Chunk right)
        where TElements : struct, ITensorElements
    {
        N12 = TElements.Multiply(N12, weights, left.A, left.B);
        N13 = TElements.Multiply(N13, weights, left.C, left.D);
        N14 = TElements.Multiply(N14, weights, right.A, right.B);
        N15 = TElements.Multiply(N15, weights, right.C, right.D);
    }

    /// <summary>Times a factor for each of the two rows.</summary>
    public void Keep(float upper, float lower)
    {
        N0 = Kept(N0, upper, lower);
        N1 = Kept(N1, upper, lower);
        N2 = Kept(N2, upper, lower);
        N3 = Kept(N3, upper, lower);
        N4 = Kept(N4, upper, lower);
        N5 = Kept(N5, upper, lower);
        N6 = Kept(N6, upper, lower);
        N7 = Kept(N7, upper, lower);
        N8 = Kept(N8, upper, lower);
        N9 = Kept(N9, upper, lower);
        N10 = Kept(N10, upper, lower);
        N11 = Kept(N11, upper, lower);
        N12 = Kept(N12, upper, lower);
        N13 = Kept(N13, upper, lower);
        N14 = Kept(N14, upper, lower);
        N15 = Kept(N15, upper, lower);
    }

    /// <summary>Reads the rows from memory.</summary>
    /// <param name="from">Number (g, 2t).</param>
    /// <param name="lower">Numbers from row g to row g + 8.</param>
    public void Load(ArrayView<float> from, int lower)
    {
        N0 = new Float4(from[0], from[1], from[lower + 0], from[lower + 1]);
        N1 = new Float4(from[8], from[9], from[lower + 8], from[lower + 9]);
        N2 = new Float4(from[16], from[17], from[lower + 16], from[lower + 17]);
        N3 = new Float4(from[24], from[25], from[lower + 24], from[lower + 25]);
        N4 = new Float4(from[32], from[33], from[lower + 32], from[lower + 33]);
        N5 = new Float4(from[40], from[41], from[lower + 40], from[lower + 41]);
        N6 = new Float4(from[48], from[49], from[lower + 48], from[lower + 49]);
        N7 = new Float4(from[56], from[57], from[lower + 56], from[lower + 57]);
        N8 = new Float4(from[64], from[65], from[lower + 64], from[lower + 65]);
        N9 = new Float4(from[72], from[73], from[lower + 72], from[lower + 73]);
        N10 = new Float4(from[80], from[81], from[lower + 80], from[lower + 81]);
        N11 = new Float4(from[88], from[89], from[lower + 88], from[lower + 89]);
        N12 = new Float4(from[96], from[97], from[lower + 96], from[lower + 97]);
        N13 = new Float4(from[104], from[105], from[lower + 104], from[lower + 105]);
        N14 = new Float4(from[112], from[113], from[lower + 112], from[lower + 113]);
        N15 = new Float4(from[120], from[121], from[lower + 120], from[lower + 121]);
    }

    /// <summary>Writes the rows to memory.</summary>
    /// <param name="to">Number (g, 2t).</param>
    /// <param name="lower">Numbers from row g to row g + 8.</param>
    public readonly void Store(ArrayView<float> to, int lower)
    {
        Put(to, 0, lower, N0);
        Put(to, 8, lower, N1);
        Put(to, 16, lower, N2);
        Put(to, 24, lower, N3);
        Put(to, 32, lower, N4);
        Put(to, 40, lower, N5);
        Put(to, 48, lower, N6);
        Put(to, 56, lower, N7);
        Put(to, 64, lower, N8);
        Put(to, 72, lower, N9);
        Put(to, 80, lower, N10);
        Put(to, 88, lower, N11);
        Put(to, 96, lower, N12);
        Put(to, 104, lower, N13);
        Put(to, 112, lower, N14);
        Put(to, 120, lower, N15);
    }

    private static void Put(ArrayView<float> to, int at, int lower, Float4 of)
    {
        to[at] = of.X;
        to[at + 1] = of.Y;
        to[lower + at] = of.Z;
        to[lower + at + 1] = of.W;
    }

    private static Float4 Kept(Float4 of, float upper, float lower) => new(of.X * upper, of.Y * upper, of.Z * lower, of.W * lower);
}
