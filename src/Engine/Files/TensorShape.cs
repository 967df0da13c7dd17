namespace Distributed.Engine.Files;

/// <summary>Arithmetic on shapes that come from a file and may claim anything.</summary>
internal static class TensorShape
{
    /// <summary>
    /// Bits of a tensor, or false when that number takes more than 63 bits. Extents of 0 are left out of the check, so
    /// that every stride of the shape fits too.
    /// </summary>
    public static bool TryBitLength(ReadOnlySpan<long> shape, FileElementType type, out long bits)
    {
        bits = type.SizeInBits();
        bool empty = false;
        foreach (long extent in shape)
        {
            if (extent == 0)
            {
                empty = true;
                continue;
            }
            if (extent > long.MaxValue / bits)
                return false;
            bits *= extent;
        }
        if (empty)
            bits = 0;
        return true;
    }

    /// <summary>The shape as messages show it: <c>[1, 8, 1024, 64]</c>.</summary>
    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
