namespace Distributed.Engine.Files;

/// <summary>The element types tensor files know. The engine computes on F32, F16 and BF16 only.</summary>
public enum FileElementType
{
    /// <summary>A truth value in one byte.</summary>
    Bool,

    /// <summary>Unsigned, 8 bits.</summary>
    U8,

    /// <summary>Signed, 8 bits.</summary>
    I8,

    /// <summary>Unsigned, 16 bits.</summary>
    U16,

    /// <summary>Signed, 16 bits.</summary>
    I16,

    /// <summary>Unsigned, 32 bits.</summary>
    U32,

    /// <summary>Signed, 32 bits.</summary>
    I32,

    /// <summary>Unsigned, 64 bits.</summary>
    U64,

    /// <summary>Signed, 64 bits.</summary>
    I64,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>A complex number of two binary32.</summary>
    C64,

    /// <summary>A complex number of two binary64 (npy only).</summary>
    C128,

    /// <summary>4-bit float, two to a byte (safetensors only, as all that follow).</summary>
    F4,

    /// <summary>6-bit float, 2 exponent bits.</summary>
    F6E2M3,

    /// <summary>6-bit float, 3 exponent bits.</summary>
    F6E3M2,

    /// <summary>8-bit float, 5 exponent bits.</summary>
    F8E5M2,

    /// <summary>8-bit float, 4 exponent bits.</summary>
    F8E4M3,

    /// <summary>8-bit power of two.</summary>
    F8E8M0,

    /// <summary>8-bit float, 4 exponent bits, finite with one zero.</summary>
    F8E4M3Fnuz,

    /// <summary>8-bit float, 5 exponent bits, finite with one zero.</summary>
    F8E5M2Fnuz,
}
