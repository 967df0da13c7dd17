using System.Numerics;
using System.Runtime.InteropServices;

namespace Distributed.Engine.Checksums;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), which processors have an instruction for.</summary>
public static class Crc32C
{
    /// <summary>Checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Checksum of bytes that follow those of <paramref name="checksum"/>; 0 at the start.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~checksum;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (byte rest in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
