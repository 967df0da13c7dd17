using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Checksums;
using Distributed.Engine.Plan;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Mechanisms.Sequential.Blocks;

/// <summary>
/// The memories behind each block's last key, one for each batch entry and key head, in a folder that all processes of a job
/// see. What stands there is decided by the job alone, so that it may be written twice, by whoever computes a block, and outlives
/// them all.
/// </summary>
/// <remarks>
/// A file for each block; in it for each batch entry and key head the magic number (8 bytes), CRC-32C of the job's key, block, place
/// and numbers (4 bytes, then 4 of 0), and the numbers, F32 and little-endian. What is not written yet is 0.
/// </remarks>
/// <param name="folder">The folder.</param>
/// <param name="key">What tells jobs apart: a hash of all that decides the bits.</param>
/// <param name="plan">The job's plan.</param>
public sealed class MemoryBoard(string folder, ReadOnlyMemory<byte> key, JobPlan plan) : IDisposable
{
    private const long Magic = 0x59524d454d545441; // "ATTMEMRY"
    private const int HeadBytes = 16;

    /// <summary>How often files of other processes are looked at.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks after which what is not whole is damaged, and not just being written.</summary>
    private const int LooksAtDamage = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<(int Block, int Chain), TaskCompletionSource> _awaited = [];
    private readonly Dictionary<(int Block, int Chain), int> _damaged = [];
    private bool _looks, _closed;

    /// <summary>F32 numbers of a memory.</summary>
    public int Floats { get; } = SequentialJob.MemoryFloats(plan);

    private int SlotBytes => checked(HeadBytes + Floats * sizeof(float));

    /// <summary>Writes a memory, for all who want it.</summary>
    /// <param name="block">The block that it is behind.</param>
    /// <param name="chain">Batch entry · key heads + key head.</param>
    /// <param name="memory">The numbers.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Write(int block, int chain, ReadOnlySpan<float> memory)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.Length, Floats);
        var slot = new byte[SlotBytes];
        MemoryMarshal.AsBytes(memory).CopyTo(slot.AsSpan(HeadBytes));
        BinaryPrimitives.WriteInt64LittleEndian(slot, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(sizeof(long)), Checksum(block, chain, slot));
        using (SafeFileHandle file = File.OpenHandle(FileOf(block), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            RandomAccess.Write(file, slot, (long)chain * SlotBytes);
        lock (_lock)
        {
            if (_awaited.Remove((block, chain), out TaskCompletionSource? awaited))
                awaited.TrySetResult();
        }
    }

    /// <summary>Reads a memory, if it is there and whole.</summary>
    /// <param name="block">The block that it is behind.</param>
    /// <param name="chain">Batch entry · key heads + key head.</param>
    /// <param name="memory">Takes the numbers; its content is undefined where there are none.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public bool TryRead(int block, int chain, Span<float> memory)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.Length, Floats);
        if (ReadSlot(block, chain, out byte[] slot) != Slot.Whole)
            return false;
        slot.AsSpan(HeadBytes).CopyTo(MemoryMarshal.AsBytes(memory));
        return true;
    }

    /// <summary>Whether a memory is there and whole.</summary>
    /// <param name="block">The block that it is behind.</param>
    /// <param name="chain">Batch entry · key heads + key head.</param>
    public bool Has(int block, int chain) => ReadSlot(block, chain, out _) == Slot.Whole;

    /// <summary>Ends when a memory is there. An <see cref="IOException"/> tells of one that is damaged, and what keeps it from being read is told too.</summary>
    /// <param name="block">The block that it is behind.</param>
    /// <param name="chain">Batch entry · key heads + key head.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task WaitAsync(int block, int chain, CancellationToken cancellation)
    {
        Task awaited;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (!_awaited.TryGetValue((block, chain), out TaskCompletionSource? source))
                _awaited.Add((block, chain), source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            awaited = source.Task;
            if (!_looks)
            {
                _looks = true;
                _ = Task.Run(LookAsync, CancellationToken.None);
            }
        }
        return awaited.WaitAsync(cancellation);
    }

    /// <summary>Forces the memories behind a block to disk.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Flush(int block)
    {
        using SafeFileHandle file = File.OpenHandle(FileOf(block), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(file);
        DurableFile.FlushFolder(folder);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _closed = true;
    }

    /// <summary>Looks for what is awaited, until nothing is.</summary>
    private async Task LookAsync()
    {
        while (true)
        {
            (int Block, int Chain)[] awaited;
            lock (_lock)
            {
                _looks = _awaited.Count > 0 && !_closed;
                if (!_looks)
                    return;
                awaited = [.. _awaited.Keys];
            }
            foreach (IGrouping<int, (int Block, int Chain)> block in awaited.GroupBy(place => place.Block).Where(block => File.Exists(FileOf(block.Key))))
            {
                foreach ((int Block, int Chain) place in block)
                    Tell(place);
            }
            await Task.Delay(Look).ConfigureAwait(false);
        }
    }

    private void Tell((int Block, int Chain) place)
    {
        Exception? failure = null;
        try
        {
            Slot found = ReadSlot(place.Block, place.Chain, out _);
            if (found == Slot.Empty || (found == Slot.Damaged && (_damaged[place] = _damaged.GetValueOrDefault(place) + 1) < LooksAtDamage))
                return;
            if (found == Slot.Damaged)
                failure = new IOException($"The memory behind block {place.Block} in '{FileOf(place.Block)}' is damaged.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            failure = error;
        }
        lock (_lock)
        {
            if (!_awaited.Remove(place, out TaskCompletionSource? awaited))
                return;
            if (failure is null)
                awaited.TrySetResult();
            else
                awaited.TrySetException(failure);
        }
    }

    private Slot ReadSlot(int block, int chain, out byte[] slot)
    {
        slot = [];
        try
        {
            using SafeFileHandle file = File.OpenHandle(FileOf(block), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> head = stackalloc byte[HeadBytes];
            if (RandomAccess.Read(file, head, (long)chain * SlotBytes) < HeadBytes || BinaryPrimitives.ReadInt64LittleEndian(head) != Magic)
                return Slot.Empty;
            slot = new byte[SlotBytes];
            return RandomAccess.Read(file, slot, (long)chain * SlotBytes) == SlotBytes
                && BinaryPrimitives.ReadUInt32LittleEndian(slot.AsSpan(sizeof(long))) == Checksum(block, chain, slot)
                ? Slot.Whole : Slot.Damaged;
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return Slot.Empty;
        }
    }

    private uint Checksum(int block, int chain, byte[] slot)
    {
        Span<byte> place = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(place, block);
        BinaryPrimitives.WriteInt32LittleEndian(place[sizeof(int)..], chain);
        return Crc32C.Append(Crc32C.Append(Crc32C.Append(0, key.Span), place), slot.AsSpan(HeadBytes));
    }

    private enum Slot
    {
        Empty,
        Damaged,
        Whole,
    }

    private string FileOf(int block) => Path.Combine(folder, block.ToString(CultureInfo.InvariantCulture));
}
