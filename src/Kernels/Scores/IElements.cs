using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Distributed.Kernels.Scores;

/// <summary>Elements of a tensor as F32, sixteen at a time.</summary>
internal unsafe interface IElements
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>Sixteen elements.</summary>
    static abstract Vector512<float> Load(byte* of);

    /// <summary>The first <paramref name="count"/> of sixteen, and 0 for the others, which are not touched.</summary>
    /// <param name="of">The first one.</param>
    /// <param name="count">How many there are; may be 0 or less.</param>
    /// <param name="room">Room for 16 numbers.</param>
    static abstract Vector512<float> LoadPart(byte* of, int count, float* room);
}

/// <summary>Elements of 16 bits, two of which lie in a number of 32.</summary>
internal interface IPairedElements : IElements
{
    /// <summary>The elements in the lower halves, which come first in memory.</summary>
    static abstract Vector512<float> First(Vector512<uint> pairs);

    /// <summary>The elements in the upper halves.</summary>
    static abstract Vector512<float> Second(Vector512<uint> pairs);
}

/// <summary>F32 elements.</summary>
internal readonly unsafe struct F32Elements : IElements
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* of) => Vector512.Load((float*)of);

    public static Vector512<float> LoadPart(byte* of, int count, float* room)
    {
        for (int i = 0; i < 16; i++)
            room[i] = i < count ? ((float*)of)[i] : 0f;
        return Vector512.Load(room);
    }
}

/// <summary>BF16 elements: the upper halves of F32 numbers.</summary>
internal readonly unsafe struct BF16Elements : IPairedElements
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* of) => First(Widen((ushort*)of));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> First(Vector512<uint> pairs) => (pairs << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Second(Vector512<uint> pairs) => (pairs & Vector512.Create(0xFFFF0000u)).AsSingle();

    public static Vector512<float> LoadPart(byte* of, int count, float* room)
    {
        for (int i = 0; i < 16; i++)
            room[i] = i < count ? BitConverter.Int32BitsToSingle(((ushort*)of)[i] << 16) : 0f;
        return Vector512.Load(room);
    }

    /// <summary>Sixteen numbers of 16 bits, each in 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen(ushort* of)
    {
        Vector256<ushort> narrow = Vector256.Load(of);
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512UInt32(narrow);
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(narrow);
        return Vector512.Create(low, high);
    }
}

/// <summary>F16 elements.</summary>
internal readonly unsafe struct F16Elements : IPairedElements
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* of) => Placed(Widen((short*)of) << 13);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> First(Vector512<uint> pairs) => Placed((pairs << 16).AsInt32() >> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Second(Vector512<uint> pairs) => Placed(pairs.AsInt32() >> 3);

    // Moved left by 13 with their sign, exponent and fraction of a half are its value times 2^-112 as a float, subnormal ones
    // too; infinity and NaN have all exponent bits set, and get them back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Placed(Vector512<int> moved)
    {
        Vector512<uint> bits = moved.AsUInt32() & Vector512.Create(0x8FFFE000u);
        Vector512<uint> value = (bits.AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle(0x77800000))).AsUInt32();
        Vector512<uint> exponent = Vector512.Create(0x7C00u << 13);
        return Vector512.ConditionalSelect(Vector512.Equals(bits & exponent, exponent), value | Vector512.Create(0x7F800000u), value).AsSingle();
    }

    // Sixteen numbers of 16 bits, each in 32 with its sign.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(short* of)
    {
        Vector256<short> narrow = Vector256.Load(of);
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512Int32(narrow);
        (Vector256<int> low, Vector256<int> high) = Vector256.Widen(narrow);
        return Vector512.Create(low, high);
    }

    public static Vector512<float> LoadPart(byte* of, int count, float* room)
    {
        for (int i = 0; i < 16; i++)
            room[i] = i < count ? (float)((Half*)of)[i] : 0f;
        return Vector512.Load(room);
    }
}
