using System.Diagnostics;
using System.Text;
using Distributed.Engine.Checksums;
using Distributed.Silo.Http;

namespace Distributed.Silo.Storage;

/// <summary>
/// Keeps a name to one change at a time, among the threads of a silo and the silos that share a data folder: what is
/// looked at before a change (its owner, a condition, whether a file is there) still holds when the change is made.
/// </summary>
/// <remarks>
/// The lock between silos is <c>flock</c> on one of a few files, which the system gives up when a process ends, however it
/// ends. A shared data folder must therefore be on a file system that carries it from one machine to the others (NFS 4 does).
/// </remarks>
/// <param name="folder">Where the files are that are locked.</param>
/// <param name="patience">How long a change waits for another one; a silo that hangs must not make all others hang.</param>
public sealed class NameLocks(string folder, TimeSpan patience)
{
    private const int Count = 64, LongestPause = 16;

    private readonly object[] _threads = [.. Enumerable.Range(0, Count).Select(_ => new object())];

    /// <summary>Makes the folder and what is in it.</summary>
    public void Open()
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < Count; i++)
            LockedFile.TryOpen(PathOf(i))?.Dispose();
    }

    /// <summary>Waits until nobody else changes the name. The thread that enters must be the one that leaves.</summary>
    /// <exception cref="RefusedException">The change before takes too long.</exception>
    /// <exception cref="IOException">The file to lock cannot be opened.</exception>
    public Held Enter(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int index = (int)(Crc32C.Of(Encoding.UTF8.GetBytes(name)) % Count);
        long began = Stopwatch.GetTimestamp();
        if (!Monitor.TryEnter(_threads[index], patience))
            throw Late(name);
        try
        {
            for (int pause = 1; ; pause = Math.Min(2 * pause, LongestPause))
            {
                if (LockedFile.TryOpen(PathOf(index)) is { } file)
                    return new Held(_threads[index], file);
                if (Stopwatch.GetElapsedTime(began) > patience)
                    throw Late(name);
                Thread.Sleep(pause);
            }
        }
        catch
        {
            Monitor.Exit(_threads[index]);
            throw;
        }
    }

    private string PathOf(int index) => Path.Combine(folder, $"{index}");

    private RefusedException Late(string name) =>
        new(Refusal.Unavailable, $"'{name}' is being changed by another request, which has not ended in {patience.TotalSeconds:0.#} s; try again later.");

    /// <summary>A name that nobody else changes until this is disposed of.</summary>
    public readonly struct Held(object thread, IDisposable file) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
            file.Dispose();
            Monitor.Exit(thread);
        }
    }
}
