using Distributed.Silo.Http;

namespace Distributed.Silo.Storage;

/// <summary>How much the server may store, and how much of its disk it leaves free.</summary>
/// <param name="root">The data folder.</param>
/// <param name="limit">Bytes that it may hold; null = as many as the disk.</param>
public sealed class Quota(string root, long? limit)
{
    /// <summary>Room that must be left for records and checkpoints.</summary>
    private const long Reserve = 1 << 20;

    private const string Inputs = $"/{DataFolder.Inputs}/";

    private static readonly TimeSpan CountsEvery = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private long _counted, _used;

    /// <summary>Bytes that may be stored; null = as many as the disk has.</summary>
    public long? Limit => limit;

    /// <summary>Bytes in the data folder.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
            {
                if (_counted == 0 || Environment.TickCount64 - _counted > CountsEvery.TotalMilliseconds)
                    (_used, _counted) = (Count(new DirectoryInfo(root)), Environment.TickCount64);
                return _used;
            }
        }
    }

    /// <summary>Bytes free on the disk.</summary>
    public long Free => new DriveInfo(root).AvailableFreeSpace;

    /// <summary>Checks that so many more bytes may come, before they do.</summary>
    /// <exception cref="RefusedException">They may not.</exception>
    public void RequireRoomFor(long bytes)
    {
        if (limit is { } most)
        {
            if (Used + bytes > most)
                throw new RefusedException(Refusal.QuotaUsed, $"{Used} bytes are stored and {bytes} more would come; the quota is {most} bytes.");
            lock (_lock)
                _used += bytes;
        }
        if (bytes + Reserve > Free)
            throw new RefusedException(Refusal.DiskFull, $"The server's disk has {Free} bytes free, of which {Reserve} stay so; {bytes} more would come.");
    }

    private static long Count(DirectoryInfo folder)
    {
        var all = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        long bytes = 0;
        foreach (FileInfo file in folder.EnumerateFiles("*", all))
        {
            // Second names of stored files, which count once.
            if (file.FullName.AsSpan(folder.FullName.Length).Contains(Inputs, StringComparison.Ordinal))
                continue;
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // It was removed meanwhile.
            }
        }
        return bytes;
    }
}
