using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Scores;

/// <summary>The part of an additive bias tensor that belongs to one tile of one head, where it lies.</summary>
/// <param name="data">Element of the tile's first row and first key; null = no bias.</param>
/// <param name="type">Element type.</param>
/// <param name="rowStride">Bytes from one row to the next; 0 = one row for all.</param>
/// <param name="keys">Elements of a row that are there, from the tile's first key on; those behind them are masked.</param>
public readonly unsafe struct BiasTile(byte* data, ElementType type, long rowStride, int keys)
{
    /// <summary>Element of the tile's first row and first key; null = no bias.</summary>
    public byte* Data => data;

    /// <summary>Sixteen elements of a row as F32; 0 for those that are not there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Load(int row, int key)
    {
        byte* of = data + row * rowStride + (nint)key * (type == ElementType.F32 ? 4 : 2);
        return key + 16 <= keys ? Whole(of) : Part(of, keys - key);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Whole(byte* of) => type switch
    {
        ElementType.F32 => Vector512.Load((float*)of),
        ElementType.BF16 => Widen(Vector256.Load((ushort*)of)),
        _ => FromHalf((Half*)of, 16),
    };

    // Each 16-bit number becomes the upper half of a 32-bit one: bfloat16 is such an upper half.
    private static Vector512<float> Widen(Vector256<ushort> upper)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(upper);
        return (Vector512.Create(low, high) << 16).AsSingle();
    }

    private static Vector512<float> FromHalf(Half* of, int count)
    {
        float* wide = stackalloc float[16];
        for (int i = 0; i < 16; i++)
            wide[i] = i < count ? (float)of[i] : 0f;
        return Vector512.Load(wide);
    }

    private Vector512<float> Part(byte* of, int count)
    {
        if (type == ElementType.F16)
            return FromHalf((Half*)of, count);
        float* wide = stackalloc float[16];
        for (int i = 0; i < 16; i++)
        {
            wide[i] = i >= count ? 0f
                : type == ElementType.F32 ? ((float*)of)[i] : BitConverter.Int32BitsToSingle(((ushort*)of)[i] << 16);
        }
        return Vector512.Load(wide);
    }
}
