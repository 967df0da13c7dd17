using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu;

namespace Distributed.Kernels.Linear;

/// <summary>φ of sixteen numbers.</summary>
internal interface IFeature
{
    /// <summary>φ(x), element by element; NaN stays NaN.</summary>
    static abstract Vector512<float> Of(Vector512<float> x);
}

/// <summary>elu(x) + 1.</summary>
internal readonly struct EluFeature : IFeature
{
    // 0, NaN and all above become x + 1, whatever the power is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x) => Vector512.ConditionalSelect(
        Vector512.LessThan(x, Vector512<float>.Zero), Exp2.Natural(x), x + Vector512<float>.One);
}

/// <summary>max(x, 0).</summary>
internal readonly struct ReluFeature : IFeature
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x);
}

/// <summary>x.</summary>
internal readonly struct IdentityFeature : IFeature
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x) => x;
}
