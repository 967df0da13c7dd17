using System.IO.Compression;
using Distributed.Engine.Checksums;
using Distributed.Engine.Files.Output;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Files.Zip;

/// <summary>Unpacks deflated members: their first bytes into memory, or all into a file that has no name.</summary>
internal static unsafe class ZipInflater
{
    private const int ChunkLength = 1 << 20;

    // The format cannot pack 258 bytes into less than 2 bits, so a claim of more is false.
    private const int MaxRatio = 1032;

    /// <summary>The first bytes of a member: all of them, or <paramref name="limit"/> if there are more.</summary>
    /// <exception cref="InputException">The member is damaged.</exception>
    public static byte[] Prefix(MappedFile archive, ZipMember member, int limit)
    {
        if (member.Length / MaxRatio > member.PackedLength)
        {
            throw Damaged(
                archive, member, $"{member.PackedLength} packed bytes cannot hold the {member.Length} it claims");
        }
        using Stream packed = Packed(archive, member);
        var prefix = new byte[(int)Math.Min(limit, member.Length)];
        int read = Read(archive, member, packed, prefix);
        return read == prefix.Length
            ? prefix
            : throw Damaged(archive, member, $"it unpacks to {read} bytes instead of {member.Length}");
    }

    /// <summary>
    /// Unpacks a member into a file in the folder for temporary files. The file loses its name at once, so its space
    /// is free again when the mapping is disposed or the process ends, however it ends.
    /// </summary>
    /// <exception cref="InputException">The member is damaged.</exception>
    /// <exception cref="DiskFullException">There is no room for it.</exception>
    public static MappedFile Inflate(MappedFile archive, ZipMember member)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.npy.partial");
        using SafeFileHandle file = ReservedFile.Create(path, member.Length);
        File.Delete(path);
        using Stream packed = Packed(archive, member);
        var chunk = new byte[ChunkLength];
        uint crc = 0;
        long length = 0;
        for (int read; (read = Read(archive, member, packed, chunk)) > 0; length += read)
        {
            if (read > member.Length - length)
                throw Damaged(archive, member, $"it unpacks to more than the {member.Length} bytes it claims");
            crc = Crc32.Continue(crc, chunk.AsSpan(0, read));
            RandomAccess.Write(file, chunk.AsSpan(0, read), length);
        }
        if (length != member.Length)
            throw Damaged(archive, member, $"it unpacks to {length} bytes instead of {member.Length}");
        if (crc != member.Crc32)
            throw Damaged(archive, member, $"its checksum is {crc:x8} instead of {member.Crc32:x8}");
        return MappedFile.Of(archive.Path, file);
    }

    private static DeflateStream Packed(MappedFile archive, ZipMember member) => new(
        new UnmanagedMemoryStream(archive.Start + member.DataStart, member.PackedLength), CompressionMode.Decompress);

    private static int Read(MappedFile archive, ZipMember member, Stream packed, Span<byte> destination)
    {
        try
        {
            return packed.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(archive, member, "it cannot be unpacked", e);
        }
    }

    private static InputException Damaged(MappedFile archive, ZipMember member, string what, Exception? cause = null)
    {
        string message = $"{Quoted.Path(archive.Path)} has a damaged member {Quoted.Name(member.Name)}: {what}.";
        return cause is null ? new InputException(message) : new InputException(message, cause);
    }
}
