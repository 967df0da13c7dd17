namespace Distributed.Engine.Files.Zip;

/// <summary>A member of a zip archive: where its bytes lie and how they are packed.</summary>
/// <param name="Name">Its name, folders included.</param>
/// <param name="Deflated">Whether it is compressed; if not, its bytes can be read in place.</param>
/// <param name="Crc32">Checksum of its bytes, unpacked.</param>
/// <param name="PackedLength">Bytes it takes in the archive.</param>
/// <param name="Length">Bytes it has unpacked.</param>
/// <param name="DataStart">First of its bytes in the archive.</param>
internal sealed record ZipMember(
    string Name, bool Deflated, uint Crc32, long PackedLength, long Length, long DataStart);
