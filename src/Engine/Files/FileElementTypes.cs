using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Files;

/// <summary>Facts about <see cref="FileElementType"/>: width, and what each format calls it.</summary>
public static class FileElementTypes
{
    private static readonly Facts[] All =
    [
        new(FileElementType.Bool, 8, "BOOL", "|b1"),
        new(FileElementType.U8, 8, "U8", "|u1"),
        new(FileElementType.I8, 8, "I8", "|i1"),
        new(FileElementType.U16, 16, "U16", "<u2"),
        new(FileElementType.I16, 16, "I16", "<i2"),
        new(FileElementType.U32, 32, "U32", "<u4"),
        new(FileElementType.I32, 32, "I32", "<i4"),
        new(FileElementType.U64, 64, "U64", "<u8"),
        new(FileElementType.I64, 64, "I64", "<i8"),
        new(FileElementType.F16, 16, "F16", "<f2"),
        new(FileElementType.BF16, 16, "BF16", null),
        new(FileElementType.F32, 32, "F32", "<f4"),
        new(FileElementType.F64, 64, "F64", "<f8"),
        new(FileElementType.C64, 64, "C64", "<c8"),
        new(FileElementType.C128, 128, null, "<c16"),
        new(FileElementType.F4, 4, "F4", null),
        new(FileElementType.F6E2M3, 6, "F6_E2M3", null),
        new(FileElementType.F6E3M2, 6, "F6_E3M2", null),
        new(FileElementType.F8E5M2, 8, "F8_E5M2", null),
        new(FileElementType.F8E4M3, 8, "F8_E4M3", null),
        new(FileElementType.F8E8M0, 8, "F8_E8M0", null),
        new(FileElementType.F8E4M3Fnuz, 8, "F8_E4M3FNUZ", null),
        new(FileElementType.F8E5M2Fnuz, 8, "F8_E5M2FNUZ", null),
    ];

    private static readonly Dictionary<string, FileElementType> BySafetensors =
        All.Where(f => f.Safetensors is not null).ToDictionary(f => f.Safetensors!, f => f.Type, StringComparer.Ordinal);

    // Without the byte order sign: 'f4', 'b1'.
    private static readonly Dictionary<string, FileElementType> ByNpy =
        All.Where(f => f.Npy is not null).ToDictionary(f => f.Npy![1..], f => f.Type, StringComparer.Ordinal);

    /// <summary>Width of an element in bits; less than 8 for the packed safetensors types.</summary>
    public static int SizeInBits(this FileElementType type) => All[(int)type].Bits;

    /// <summary>The type in the kernels' words, or nothing for what the kernels do not take.</summary>
    public static ElementType? ToElementType(this FileElementType type) => type switch
    {
        FileElementType.F32 => ElementType.F32,
        FileElementType.F16 => ElementType.F16,
        FileElementType.BF16 => ElementType.BF16,
        _ => null,
    };

    /// <summary>The kernels' type in the files' words.</summary>
    public static FileElementType ToFileElementType(this ElementType type) => type switch
    {
        ElementType.F32 => FileElementType.F32,
        ElementType.F16 => FileElementType.F16,
        ElementType.BF16 => FileElementType.BF16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an element type"),
    };

    /// <summary>The name in a safetensors header ("BF16"), or nothing when that format has none.</summary>
    internal static string? SafetensorsName(this FileElementType type) => All[(int)type].Safetensors;

    /// <summary>The little-endian npy descriptor ("&lt;f4"), or nothing when that format has none.</summary>
    internal static string? NpyDescriptor(this FileElementType type) => All[(int)type].Npy;

    /// <summary>Finds the type a safetensors header names.</summary>
    internal static bool TryFromSafetensors(string name, out FileElementType type) =>
        BySafetensors.TryGetValue(name, out type);

    /// <summary>Finds the type of an npy descriptor without its byte order sign ("f4").</summary>
    internal static bool TryFromNpy(string kindAndSize, out FileElementType type) =>
        ByNpy.TryGetValue(kindAndSize, out type);

    private sealed record Facts(FileElementType Type, int Bits, string? Safetensors, string? Npy);
}
