using System.Diagnostics;
using Distributed.Engine.Ring;
using Distributed.Engine.Telemetry;

namespace Distributed.Engine.Checkpoints;

/// <summary>
/// The file that a block goes on from after a loss: its lanes' positions and states (O, m, l). Little-endian: magic,
/// version, key of the job (32 bytes), block, what its <see cref="BlockWorker"/> writes, CRC-32C of all before it.
/// </summary>
public static class BlockCheckpoint
{
    private const long Magic = 0x54504b434e545441; // "ATTNCKPT"
    private const int Version = 1;

    /// <summary>Bytes of a job's key.</summary>
    public const int KeyBytes = 32;

    /// <summary>Writes a worker's progress under <paramref name="path"/>, in one step that replaces an older one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Tells jobs apart whose states must not be mixed: a hash of all that decides the bits.</param>
    /// <param name="worker">The worker. None of its lanes may be at work.</param>
    /// <exception cref="IOException">The disk failed; an older checkpoint is still there.</exception>
    public static void Write(string path, ReadOnlyMemory<byte> key, BlockWorker worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        using Activity? trace = EngineTraces.Save(worker.Block);
        long began = Stopwatch.GetTimestamp(), bytes = 0;
        DurableFile.Write(path, stream =>
        {
            var writer = new CheckpointWriter(stream);
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(key.Span);
            writer.Write(worker.Block);
            worker.Save(writer);
            writer.End();
            bytes = stream.Position;
        });
        CheckpointMetrics.Written(Stopwatch.GetElapsedTime(began).TotalSeconds, bytes);
    }

    /// <summary>Takes a worker that has seen no tile to where the checkpoint is.</summary>
    /// <returns>Whether there is a checkpoint.</returns>
    /// <exception cref="InvalidDataException">
    /// It is damaged, cut off, or of another job, block or version. The worker must not be used.
    /// </exception>
    public static bool TryRestore(string path, ReadOnlyMemory<byte> key, BlockWorker worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        if (!File.Exists(path))
            return false;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20);
        var reader = new CheckpointReader(stream);
        try
        {
            reader.Expect(Magic, "magic number");
            reader.Expect(Version, "version");
            Span<byte> found = stackalloc byte[KeyBytes];
            reader.Read(found);
            if (!found.SequenceEqual(key.Span))
                throw new InvalidDataException("The checkpoint is of another job.");
            reader.Expect(worker.Block, "block");
            worker.Restore(reader);
            reader.End();
            CheckpointMetrics.WasRestored();
            return true;
        }
        catch (InvalidDataException)
        {
            CheckpointMetrics.WasRefused();
            throw;
        }
        catch (EndOfStreamException cutOff)
        {
            CheckpointMetrics.WasRefused();
            throw new InvalidDataException("The checkpoint is cut off.", cutOff);
        }
    }
}
