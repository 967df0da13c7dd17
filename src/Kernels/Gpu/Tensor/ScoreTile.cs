using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Exact;
using ILGPU;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>A warp's scores of 16 rows on 32 keys: a thread has two of each eight keys, of rows g (X, Y) and g + 8 (Z, W).</summary>
internal struct ScoreTile
{
    public Float4 Keys0, Keys8, Keys16, Keys24;

    /// <summary>Adds products with 16 elements of 32 keys.</summary>
    /// <param name="queries">16 rows by 16 elements.</param>
    /// <param name="low">Keys 0 to 15: both halves of the elements of eight keys, then of eight more.</param>
    /// <param name="high">Keys 16 to 31.</param>
    public void Multiply<TElements>(Chunk queries, Chunk low, Chunk high)
        where TElements : struct, ITensorElements
    {
        Keys0 = TElements.Multiply(Keys0, queries, low.A, low.B);
        Keys8 = TElements.Multiply(Keys8, queries, low.C, low.D);
        Keys16 = TElements.Multiply(Keys16, queries, high.A, high.B);
        Keys24 = TElements.Multiply(Keys24, queries, high.C, high.D);
    }

    /// <summary>Times a factor: from products to scores in base 2.</summary>
    public void Scale(float factor)
    {
        Keys0 = Scaled(Keys0, factor);
        Keys8 = Scaled(Keys8, factor);
        Keys16 = Scaled(Keys16, factor);
        Keys24 = Scaled(Keys24, factor);
    }

    /// <summary>Hides keys: bit k of a row's word is key k.</summary>
    /// <param name="upper">The word of row g.</param>
    /// <param name="lower">The word of row g + 8.</param>
    /// <param name="first">This thread's first key of each eight.</param>
    public void Mask(int upper, int lower, int first)
    {
        Keys0 = Masked(Keys0, upper >> first, lower >> first);
        Keys8 = Masked(Keys8, upper >> (first + 8), lower >> (first + 8));
        Keys16 = Masked(Keys16, upper >> (first + 16), lower >> (first + 16));
        Keys24 = Masked(Keys24, upper >> (first + 24), lower >> (first + 24));
    }

    /// <summary>The largest of row g, over the four threads that share it.</summary>
    public readonly float UpperMax() => Shared(Largest(Largest(Keys0.X, Keys0.Y), Largest(Keys8.X, Keys8.Y), Largest(Keys16.X, Keys16.Y), Largest(Keys24.X, Keys24.Y)));

    /// <summary>The largest of row g + 8, over the four threads that share it.</summary>
    public readonly float LowerMax() => Shared(Largest(Largest(Keys0.Z, Keys0.W), Largest(Keys8.Z, Keys8.W), Largest(Keys16.Z, Keys16.W), Largest(Keys24.Z, Keys24.W)));

    /// <summary>Scores become weights.</summary>
    public void Weigh(float upper, float lower)
    {
        Keys0 = Weight(Keys0, upper, lower);
        Keys8 = Weight(Keys8, upper, lower);
        Keys16 = Weight(Keys16, upper, lower);
        Keys24 = Weight(Keys24, upper, lower);
    }

    /// <summary>This thread's weights of row g.</summary>
    public readonly float UpperSum() => Keys0.X + Keys0.Y + (Keys8.X + Keys8.Y) + (Keys16.X + Keys16.Y + (Keys24.X + Keys24.Y));

    /// <summary>This thread's weights of row g + 8.</summary>
    public readonly float LowerSum() => Keys0.Z + Keys0.W + (Keys8.Z + Keys8.W) + (Keys16.Z + Keys16.W + (Keys24.Z + Keys24.W));

    /// <summary>The weights of keys 0 to 15 as factors: what a thread holds of C is what it must hold of A.</summary>
    public readonly Chunk LowFactors<TElements>()
        where TElements : struct, ITensorElements => Factors<TElements>(Keys0, Keys8);

    /// <summary>The weights of keys 16 to 31 as factors.</summary>
    public readonly Chunk HighFactors<TElements>()
        where TElements : struct, ITensorElements => Factors<TElements>(Keys16, Keys24);

    private static Chunk Factors<TElements>(Float4 first, Float4 second)
        where TElements : struct, ITensorElements => new()
        {
            A = TElements.Pair(first.X, first.Y),
            B = TElements.Pair(first.Z, first.W),
            C = TElements.Pair(second.X, second.Y),
            D = TElements.Pair(second.Z, second.W),
        };

    private static Float4 Scaled(Float4 of, float factor) => new(of.X * factor, of.Y * factor, of.Z * factor, of.W * factor);

    private static Float4 Masked(Float4 of, int upper, int lower) => new(
        (upper & 1) != 0 ? of.X : float.NegativeInfinity, (upper & 2) != 0 ? of.Y : float.NegativeInfinity,
        (lower & 1) != 0 ? of.Z : float.NegativeInfinity, (lower & 2) != 0 ? of.W : float.NegativeInfinity);

    private static Float4 Weight(Float4 of, float upper, float lower) => new(
        TensorCore.Exp2(of.X - upper), TensorCore.Exp2(of.Y - upper), TensorCore.Exp2(of.Z - lower), TensorCore.Exp2(of.W - lower));

    private static float Largest(float a, float b) => a > b ? a : b;

    private static float Largest(float a, float b, float c, float d) => Largest(Largest(a, b), Largest(c, d));

    private static float Shared(float mine)
    {
        mine = Largest(mine, Warp.ShuffleXor(mine, 1));
        return Largest(mine, Warp.ShuffleXor(mine, 2));
    }
}
