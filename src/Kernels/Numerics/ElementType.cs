namespace Distributed.Kernels.Numerics;

/// <summary>The element types a tensor may have on its way in or out. All arithmetic is in F32.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,
}

/// <summary>Facts about <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bytes one element takes.</summary>
    public static int SizeInBytes(this ElementType type) => type == ElementType.F32 ? 4 : 2;
}
