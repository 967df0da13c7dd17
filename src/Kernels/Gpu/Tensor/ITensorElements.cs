using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Exact;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>A 16-bit type that tensor cores multiply.</summary>
internal interface ITensorElements
{
    /// <summary>C + A · B.</summary>
    static abstract Float4 Multiply(Float4 c, Chunk a, uint b0, uint b1);

    /// <summary>Two numbers as a pair.</summary>
    static abstract uint Pair(float low, float high);
}

/// <summary>BF16.</summary>
internal readonly struct TensorBF16 : ITensorElements
{
    public static Float4 Multiply(Float4 c, Chunk a, uint b0, uint b1) => TensorCore.MultiplyBF16(c.X, c.Y, c.Z, c.W, a.A, a.B, a.C, a.D, b0, b1);

    public static uint Pair(float low, float high) => TensorCore.PairBF16(low, high);
}

/// <summary>F16.</summary>
internal readonly struct TensorF16 : ITensorElements
{
    public static Float4 Multiply(Float4 c, Chunk a, uint b0, uint b1) => TensorCore.MultiplyF16(c.X, c.Y, c.Z, c.W, a.A, a.B, a.C, a.D, b0, b1);

    public static uint Pair(float low, float high) => TensorCore.PairF16(low, high);
}
