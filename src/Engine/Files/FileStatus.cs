using System.Runtime.InteropServices;

namespace Distributed.Engine.Files;

/// <summary>What is at a path.</summary>
internal enum FileKind
{
    /// <summary>A file with content of its own.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Directory,

    /// <summary>A device, pipe or socket: it has no length, cannot be mapped, and opening it may block.</summary>
    Special,
}

/// <summary>
/// Kind, identity and reserved space of a file. .NET tells a device from a file, or two names of one file apart, nowhere
/// in its libraries; <c>statx</c> does, and its layout is the same on every Linux architecture (statx(2)).
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Device">With <paramref name="Inode"/>: the same for all names of one file.</param>
/// <param name="Inode">With <paramref name="Device"/>: the same for all names of one file.</param>
/// <param name="ReservedBytes">Bytes of disk that belong to the file; less than its length where it has holes.</param>
internal readonly partial record struct FileStatus(FileKind Kind, ulong Device, ulong Inode, long ReservedBytes)
{
    private const int CurrentDirectory = -100;
    private const uint BasicStatistics = 0x7ff;
    private const int BlockSize = 512;

    /// <summary>The file a path leads to, links followed; nothing when there is none or it cannot be looked at.</summary>
    public static FileStatus? Of(string path)
    {
        if (Statx(CurrentDirectory, path, 0, BasicStatistics, out StatxBuffer s) != 0)
            return null;
        FileKind kind = (s.Mode & 0xF000) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            _ => FileKind.Special,
        };
        return new FileStatus(kind, ((ulong)s.DeviceMajor << 32) | s.DeviceMinor, s.Inode, (long)s.Blocks * BlockSize);
    }

    /// <summary>Whether two paths lead to one file.</summary>
    public static bool AreSame(string path, string other) =>
        Of(path) is { } one && Of(other) is { } two && one.Device == two.Device && one.Inode == two.Inode;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out StatxBuffer buffer);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(48)]
        public ulong Blocks;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
