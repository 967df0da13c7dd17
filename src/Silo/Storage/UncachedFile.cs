using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Storage;

/// <summary>
/// Writes a file past the system's page cache where that can be done (O_DIRECT): a long upload is then not copied once
/// more, takes no memory from what is read often, and leaves little to force to disk at its end. .NET has no call for it.
/// </summary>
/// <param name="file">The file, open for writing.</param>
internal sealed partial class UncachedFile(SafeFileHandle file)
{
    /// <summary>What offset, length and address must be multiples of: a page, which blocks of disks are no larger than.</summary>
    public const int Alignment = 4096;

    private const int GetFlags = 3, SetFlags = 4; // F_GETFL, F_SETFL
    private const int InvalidArgument = 22; // EINVAL

    // O_DIRECT is another bit on ARM.
    private static readonly int PastCache = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x10000 : 0x4000;

    private bool _isPossible = OperatingSystem.IsLinux(), _isOn;

    /// <summary>Memory that can be written past the cache.</summary>
    public static Memory<byte> Buffer(int bytes)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(bytes + Alignment, pinned: true);
        return array.AsMemory((int)(-Marshal.UnsafeAddrOfPinnedArrayElement(array, 0) & (Alignment - 1)), bytes);
    }

    /// <summary>Writes bytes, past the cache if they are aligned and the file system can do it.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (_isPossible && IsAligned(bytes, offset) && Set(true))
        {
            try
            {
                RandomAccess.Write(file, bytes, offset);
                return;
            }
            catch (IOException other) when (other.HResult == InvalidArgument)
            {
                // The blocks of this disk are larger than any that is known.
                _isPossible = false;
            }
        }
        if (!Set(false))
            throw new IOException($"The file's flags cannot be set: error {Marshal.GetLastPInvokeError()}.");
        RandomAccess.Write(file, bytes, offset);
    }

    private static unsafe bool IsAligned(ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* at = bytes)
            return bytes.Length > 0 && (((nint)at | bytes.Length | (nint)offset) & (Alignment - 1)) == 0;
    }

    /// <returns>Whether it is as wanted; a file system may not know it.</returns>
    private bool Set(bool on)
    {
        if (on == _isOn)
            return true;
        int flags = Control(file, GetFlags, 0);
        if (flags < 0 || Control(file, SetFlags, on ? flags | PastCache : flags & ~PastCache) < 0)
            return _isPossible = false;
        _isOn = on;
        return true;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, int flags);
}
