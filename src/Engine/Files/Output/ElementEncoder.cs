using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Files.Output;

/// <summary>Rounds F32 numbers to the element types outputs may have: to nearest, ties to even.</summary>
internal static class ElementEncoder
{
    /// <summary>Writes <paramref name="source"/> as little-endian elements, at any alignment.</summary>
    /// <param name="source">The numbers.</param>
    /// <param name="type">The type to write.</param>
    /// <param name="destination">Takes exactly the elements' bytes.</param>
    public static void Encode(ReadOnlySpan<float> source, ElementType type, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, source.Length * type.SizeInBytes());
        switch (type)
        {
            case ElementType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
                break;
            default:
                Span<ushort> elements = MemoryMarshal.Cast<byte, ushort>(destination);
                for (int i = 0; i < elements.Length; i++)
                    elements[i] = ToBFloat16(source[i]);
                break;
        }
    }

    /// <summary>The nearest bfloat16. Its bits are the upper half of the number's, after a carry from the lower half.</summary>
    public static ushort ToBFloat16(float number)
    {
        uint bits = BitConverter.SingleToUInt32Bits(number);
        // A NaN's payload may lie in the lower half alone; the quiet bit keeps it from becoming infinity.
        if (float.IsNaN(number))
            return (ushort)((bits >> 16) | 0x0040);
        uint tieToEven = (bits >> 16) & 1;
        return (ushort)((bits + 0x7FFF + tieToEven) >> 16);
    }
}
