using System.Runtime.InteropServices;
using Distributed.Kernels.Gpu.Arithmetic;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>Four numbers that lie together: one 16-byte load or store.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Float4(float x, float y, float z, float w)
{
    public float X = x, Y = y, Z = z, W = w;

    /// <summary>a · b + c.</summary>
    public static Float4 Fma(float a, Float4 b, Float4 c) => new(
        DeviceMath.Fma(a, b.X, c.X), DeviceMath.Fma(a, b.Y, c.Y), DeviceMath.Fma(a, b.Z, c.Z), DeviceMath.Fma(a, b.W, c.W));

    /// <summary>Sum, number by number.</summary>
    public static Float4 Add(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    /// <summary>The largest; NaN is passed over.</summary>
    public static float Max(float max, Float4 of)
    {
        max = of.X > max ? of.X : max;
        max = of.Y > max ? of.Y : max;
        max = of.Z > max ? of.Z : max;
        return of.W > max ? of.W : max;
    }
}
