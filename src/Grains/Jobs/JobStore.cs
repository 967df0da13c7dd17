using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Jobs;
using Distributed.Engine.Timelines;

namespace Distributed.Grains.Jobs;

/// <summary>
/// The records of jobs in a folder that all silos see: they outlive every silo. A record is written once or only ever
/// added to, so that two coordinators, of which one is out of date, cannot spoil it.
/// </summary>
/// <param name="root">The folder.</param>
/// <remarks>
/// <c>active/JOB</c>: the job has not ended. <c>forgotten/</c>: what is being deleted. <c>jobs/JOB/</c>: <c>job.json</c>, <c>outcome.json</c>, <c>blocks.json</c> (what each block did), <c>epochs/N</c> (a
/// coordinator each), <c>partial/N</c> (the unfinished output of coordinator N), <c>done/BLOCK</c>,
/// <c>rows/BLOCK.ATTEMPT</c>, <c>checkpoints/BLOCK.ATTEMPT</c>, <c>memories/BLOCK</c> (what passes from block to block),
/// <c>parts/PART</c> (of the second pass), <c>parts/lse</c> (what it needs of the first).
/// </remarks>
public sealed class JobStore(string root)
{
    private static readonly string[] Folders = ["epochs", "partial", "done", "rows", "checkpoints", "memories", "parts"];

    /// <summary>Makes a job's folders, and takes away what a silo that was lost in taking the job on left of its output.</summary>
    public void Prepare(Guid job)
    {
        foreach (string folder in Folders)
            Directory.CreateDirectory(In(job, folder));
        ForgetOutputs(job, int.MaxValue);
    }

    /// <summary>Writes down a new job.</summary>
    public void Create(Guid job, JobRecord record)
    {
        Prepare(job);
        Directory.CreateDirectory(Path.Combine(root, "active"));
        WriteJson(In(job, "job.json"), record);
        DurableFile.Write(Active(job), _ => { });
    }

    /// <summary>The record of a job; null when there is no such job.</summary>
    public JobRecord? Load(Guid job) => ReadJson<JobRecord>(In(job, "job.json"));

    /// <summary>How a job ended; null while it has not.</summary>
    public JobInfo? Outcome(Guid job) => ReadJson<JobInfo>(In(job, "outcome.json"));

    /// <summary>Whether a job has ended, or is not even known any more.</summary>
    public bool HasEnded(Guid job) => File.Exists(In(job, "outcome.json")) || Load(job) is null;

    /// <summary>What the blocks of a job that has ended did; null when it never had any.</summary>
    public JobBlocks? Blocks(Guid job) => ReadJson<JobBlocks>(In(job, "blocks.json"));

    /// <summary>Whether a job is to be computed: it has neither ended nor been paused.</summary>
    public bool IsActive(Guid job) => File.Exists(Active(job));

    /// <summary>Writes down that a job is to be computed.</summary>
    public void Activate(Guid job)
    {
        if (!IsActive(job))
            DurableFile.Write(Active(job), _ => { });
    }

    /// <summary>Writes down that a job is paused.</summary>
    public void Deactivate(Guid job)
    {
        File.Delete(Active(job));
        DurableFile.FlushFolder(Path.Combine(root, "active"));
    }

    /// <summary>Takes away everything that is kept of a job that has ended.</summary>
    /// <remarks>It is gone in one step: a coordinator that writes down its end meanwhile finds all of it or nothing.</remarks>
    public void Forget(Guid job)
    {
        if (IsActive(job))
            File.Delete(Active(job));
        ForgetOutputs(job, int.MaxValue);
        string forgotten = Directory.CreateDirectory(Path.Combine(root, "forgotten")).FullName;
        try
        {
            Directory.Move(In(job), Path.Combine(forgotten, Guid.NewGuid().ToString("n")));
        }
        catch (DirectoryNotFoundException)
        {
            // It never was, or another has forgotten it.
        }
        foreach (string folder in Directory.GetDirectories(forgotten))
            JobFolders.Remove(folder);
    }

    /// <summary>The jobs that are to be computed.</summary>
    public IReadOnlyList<Guid> Unfinished() => Names(Path.Combine(root, "active")).Select(Guid.Parse).ToArray();

    /// <summary>All jobs.</summary>
    public IReadOnlyList<Guid> All() => Directory.Exists(Path.Combine(root, "jobs"))
        ? [.. Directory.GetDirectories(Path.Combine(root, "jobs")).Select(folder => Guid.Parse(Path.GetFileName(folder)))]
        : [];

    /// <summary>Takes the next coordinator's number; no two get the same one.</summary>
    public int ClaimEpoch(Guid job)
    {
        for (int epoch = LatestEpoch(job) + 1; ; epoch++)
        {
            try
            {
                using var claim = new FileStream(In(job, "epochs", Text(epoch)), FileMode.CreateNew);
                return epoch;
            }
            catch (IOException) when (File.Exists(In(job, "epochs", Text(epoch))))
            {
                // Another silo has just taken it.
            }
        }
    }

    /// <summary>The highest number that a coordinator has taken.</summary>
    public int LatestEpoch(Guid job) => Names(In(job, "epochs")).Select(Number).DefaultIfEmpty(0).Max();

    /// <summary>Writes down that a block's rows are on disk.</summary>
    public void Finish(Guid job, FinishedBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        WriteJson(In(job, "done", Text(block.Block)), block);
    }

    /// <summary>The blocks whose rows are on disk.</summary>
    public IReadOnlyList<FinishedBlock> Finished(Guid job) =>
        [.. Names(In(job, "done")).Select(name => ReadJson<FinishedBlock>(In(job, "done", name))).OfType<FinishedBlock>()];

    /// <summary>The file with the rows of an attempt.</summary>
    public string RowsOf(Guid job, int block, int attempt) => In(job, "rows", $"{Text(block)}.{Text(attempt)}");

    /// <summary>The folder of the memories that pass from block to block.</summary>
    public string MemoriesOf(Guid job) => In(job, "memories");

    /// <summary>The file with the latest checkpoint of an attempt.</summary>
    public string CheckpointOf(Guid job, int block, int attempt) => In(job, "checkpoints", $"{Text(block)}.{Text(attempt)}");

    /// <summary>The checkpoints of a block, that of the latest attempt first.</summary>
    public IEnumerable<string> CheckpointsOf(Guid job, int block) =>
        from name in Names(In(job, "checkpoints"))
        let parts = name.Split('.')
        where Number(parts[0]) == block
        orderby Number(parts[1]) descending
        select In(job, "checkpoints", name);

    /// <summary>The file with a part of the second pass; it is there when the part is finished.</summary>
    public string PartOf(Guid job, int part) => In(job, "parts", Text(part));

    /// <summary>Writes down the LSE of all rows, for the silos that make the second pass.</summary>
    public void KeepLogSumExp(Guid job, ReadOnlyMemory<float> logSumExp)
    {
        const int AtOnce = 1 << 20;
        // A job that was taken on before there was such a folder goes on too.
        Directory.CreateDirectory(In(job, "parts"));
        DurableFile.Write(In(job, "parts", "lse"), stream =>
        {
            for (int at = 0; at < logSumExp.Length; at += AtOnce)
                stream.Write(MemoryMarshal.AsBytes(logSumExp.Span.Slice(at, Math.Min(AtOnce, logSumExp.Length - at))));
        });
    }

    /// <summary>The LSE of some rows, <c>[B, Hq, rows]</c>.</summary>
    /// <exception cref="IOException">The file is not there, or cut off.</exception>
    public float[] ReadLogSumExp(Guid job, in AttentionShape shape, (long First, long End) rows)
    {
        int count = checked((int)(rows.End - rows.First));
        var read = new float[checked(shape.Batch * shape.QueryHeads * count)];
        using FileStream file = File.OpenRead(In(job, "parts", "lse"));
        for (int head = 0; head < shape.Batch * shape.QueryHeads; head++)
        {
            file.Position = (head * shape.QueryRows + rows.First) * sizeof(float);
            file.ReadExactly(MemoryMarshal.AsBytes(read.AsSpan(head * count, count)));
        }
        return read;
    }

    /// <summary>What checkpoints must have in common to be of one job: a hash of all that decides their content.</summary>
    public static ReadOnlyMemory<byte> KeyOf(JobTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        return SHA256.HashData(Encoding.UTF8.GetBytes($"{ticket.Job}|{ticket.Blocks}|{ticket.RowsPerLane}|{ticket.Specification}"));
    }

    /// <summary>
    /// Writes down where a coordinator makes the output, and takes away what earlier ones have made: whoever of them wakes
    /// up again finds nothing that it could give the output's name.
    /// </summary>
    public void BeginOutput(Guid job, int epoch, string temporaryPath)
    {
        DurableFile.Write(In(job, "partial", Text(epoch)), stream => stream.Write(Encoding.UTF8.GetBytes(temporaryPath)));
        ForgetOutputs(job, epoch);
    }

    /// <summary>Writes down how a job ended, and takes away what it needs no more.</summary>
    public void End(Guid job, JobInfo outcome, JobBlocks? blocks = null)
    {
        try
        {
            if (blocks is not null)
                WriteJson(In(job, "blocks.json"), blocks);
            WriteJson(In(job, "outcome.json"), outcome);
        }
        catch (IOException) when (Load(job) is null)
        {
            // Whoever saw it end has forgotten it already, or does so now.
        }
        File.Delete(Active(job));
        ForgetOutputs(job, int.MaxValue);
        foreach (string folder in Folders.Where(folder => folder != "epochs"))
            JobFolders.Remove(In(job, folder));
    }

    /// <summary>Takes away the unfinished outputs of the coordinators before this one.</summary>
    private void ForgetOutputs(Guid job, int before)
    {
        foreach (string name in Names(In(job, "partial")).Where(name => Number(name) < before))
        {
            try
            {
                File.Delete(File.ReadAllText(In(job, "partial", name)));
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                // Its folder is gone, or whoever ended the job took the note away.
            }
        }
    }

    private string Active(Guid job) => Path.Combine(root, "active", job.ToString("n"));

    private string In(Guid job, params string[] names) => Path.Combine([root, "jobs", job.ToString("n"), .. names]);

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Where(name => !name.EndsWith(".partial", StringComparison.Ordinal));
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void WriteJson<T>(string path, T value) => DurableFile.Write(path, stream => JsonSerializer.Serialize(stream, value));

    private static T? ReadJson<T>(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream);
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return default;
        }
    }
}
