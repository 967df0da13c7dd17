namespace Distributed.Engine.Checksums;

/// <summary>The checksum of zip archives and PNG chunks: CRC-32, reversed polynomial 0xEDB88320 (APPNOTE 4.4.7; PNG, annex D).</summary>
internal static class Crc32
{
    private static readonly uint[] Table = Enumerable.Range(0, 256).Select(Remainder).ToArray();

    /// <summary>Continues the checksum <paramref name="crc"/> (0 at first) with <paramref name="bytes"/>.</summary>
    public static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        foreach (byte b in bytes)
            crc = Table[(byte)crc ^ b] ^ (crc >> 8);
        return ~crc;
    }

    private static uint Remainder(int index)
    {
        uint remainder = (uint)index;
        for (int bit = 0; bit < 8; bit++)
            remainder = (remainder & 1) != 0 ? (remainder >> 1) ^ 0xEDB88320 : remainder >> 1;
        return remainder;
    }
}
