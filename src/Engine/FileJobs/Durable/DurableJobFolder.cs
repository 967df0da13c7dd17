using System.Globalization;
using System.Text;
using System.Text.Json;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Timelines;

namespace Distributed.Engine.FileJobs.Durable;

/// <summary>
/// What a job in the making keeps on disk: <c>checkpoints/BLOCK</c>, <c>memories/BLOCK</c> (<see cref="MemoryBoard"/>), <c>rows/BLOCK</c>, <c>done/BLOCK</c>, and in
/// <c>partial</c> the name of the unfinished output.
/// </summary>
/// <param name="path">The folder.</param>
internal sealed class DurableJobFolder(string path)
{
    private string PartialNote => Path.Combine(path, "partial");

    /// <summary>Makes the folders, and takes away the unfinished output of a process that was lost.</summary>
    public void Open()
    {
        foreach (string folder in new[] { "checkpoints", "memories", "rows", "done" })
            Directory.CreateDirectory(Path.Combine(path, folder));
        ForgetOutput();
    }

    /// <summary>The folder of the memories that pass from block to block.</summary>
    public string Memories => Path.Combine(path, "memories");

    /// <summary>The file with a block's latest checkpoint.</summary>
    public string CheckpointOf(int block) => In("checkpoints", block);

    /// <summary>The file with a block's finished rows.</summary>
    public string RowsOf(int block) => In("rows", block);

    /// <summary>Writes down that a block's rows are on disk; its checkpoint is needed no more.</summary>
    public void Finish(int block, BlockTally tally)
    {
        DurableFile.Write(In("done", block), stream => JsonSerializer.Serialize(stream, tally));
        File.Delete(CheckpointOf(block));
    }

    /// <summary>What a block took, if its rows are on disk; else null.</summary>
    public BlockTally? Finished(int block)
    {
        if (!File.Exists(In("done", block)))
            return null;
        using FileStream stream = File.OpenRead(In("done", block));
        return JsonSerializer.Deserialize<BlockTally>(stream);
    }

    /// <summary>Writes down where the output is made until it has its name.</summary>
    public void NoteOutput(string temporaryPath) =>
        DurableFile.Write(PartialNote, stream => stream.Write(Encoding.UTF8.GetBytes(temporaryPath)));

    /// <summary>Takes away an output that never got its name.</summary>
    public void ForgetOutput()
    {
        if (!File.Exists(PartialNote))
            return;
        try
        {
            string output = File.ReadAllText(PartialNote);
            if (Path.Exists(Path.GetDirectoryName(output)))
                File.Delete(output);
            File.Delete(PartialNote);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // Another forgets it at the same time.
        }
    }

    private string In(string folder, int block) => Path.Combine(path, folder, block.ToString(CultureInfo.InvariantCulture));
}

/// <summary>What a finished block took.</summary>
/// <param name="Cost">Its cost, as the plan counts it.</param>
/// <param name="PairsSeen">(query, key) pairs inside the masks.</param>
/// <param name="Seconds">Seconds of its last run.</param>
internal sealed record BlockTally(double Cost, long PairsSeen, double Seconds)
{
    /// <summary>Seconds from the job's begin to that of the block.</summary>
    public double? Began { get; init; }

    /// <summary>What the block did when.</summary>
    public TimelineView? Timeline { get; init; }
}
