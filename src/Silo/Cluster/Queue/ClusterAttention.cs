using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Timelines;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>
/// Computes attention over tensors in memory on all silos, as a job of theirs that is paused with this one and gone on with.
/// </summary>
/// <param name="folder">Where the tensors and the result pass; all silos see it.</param>
/// <param name="follow">Begins that job, or goes on with it, by its specification.</param>
internal sealed class ClusterAttention(string folder, Func<string, ClusterRun> follow) : IAttentionRunner
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private volatile ClusterRun? _run;
    private volatile bool _isGivenUp;

    /// <summary>Whether what is stopped is not gone on with.</summary>
    public bool IsGivenUp
    {
        get => _isGivenUp;
        set => _isGivenUp = value;
    }

    /// <summary>How far it is.</summary>
    public RunProgress Progress => _run?.Progress ?? new RunProgress();

    /// <summary>How its blocks stand; null before it has begun.</summary>
    public Task<JobBlocks?> BlocksAsync() => _run?.BlocksAsync() ?? Task.FromResult<JobBlocks?>(null);

    /// <inheritdoc/>
    public async Task<JobReport> RunAsync(
        AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress, CancellationToken cancellation)
    {
        var passed = new PassedAttention(folder, input, options);
        Directory.CreateDirectory(folder);
        Pass(passed, cancellation);
        ClusterRun run = follow(SpecificationDocument.Write(passed.Job));
        _run = run;
        using (cancellation.Register(() => Stop(run)))
        {
            while (await Task.WhenAny(run.Ended, Task.Delay(Look, CancellationToken.None)).ConfigureAwait(false) != run.Ended)
                progress?.Report(new JobProgress(run.Progress.Done, run.Progress.Flops));
        }
        RunEnd end = await run.Ended.ConfigureAwait(false);
        if (end.Outcome != RunOutcome.Finished)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Failure(end);
        }
        passed.ReadOutput(sink, cancellation);
        RunProgress done = run.Progress;
        return passed.Report(done.Blocks, $"{done.Silos.Count} silos", done.PairsSeen, TimeSpan.Zero);
    }

    /// <summary>
    /// Writes the tensors down. Where an earlier run of the job has done so they stay untouched, as silos may be at work on
    /// them, but must be the same.
    /// </summary>
    private static void Pass(PassedAttention passed, CancellationToken cancellation)
    {
        if (!File.Exists(passed.InputPath))
        {
            passed.WriteInput(passed.InputPath, cancellation);
            return;
        }
        string again = Path.ChangeExtension(passed.InputPath, ".again.safetensors");
        passed.WriteInput(again, cancellation);
        bool same = AreSame(passed.InputPath, again);
        File.Delete(again);
        if (!same)
            throw new InputException("The text was changed while its job ran; submit it again.");
    }

    private static bool AreSame(string one, string other)
    {
        const int AtOnce = 1 << 20;
        using FileStream first = File.OpenRead(one), second = File.OpenRead(other);
        if (first.Length != second.Length)
            return false;
        byte[] some = new byte[AtOnce], others = new byte[AtOnce];
        for (int read; (read = first.ReadAtLeast(some, AtOnce, throwOnEndOfStream: false)) > 0;)
        {
            second.ReadExactly(others, 0, read);
            if (!some.AsSpan(0, read).SequenceEqual(others.AsSpan(0, read)))
                return false;
        }
        return true;
    }

    private void Stop(ClusterRun run)
    {
        if (IsGivenUp)
            run.Cancel();
        else
            run.Suspend();
    }

    private static Exception Failure(RunEnd end)
    {
        string why = end.Error ?? "The attention of the job has ended elsewhere.";
        return end.IsInputError ? new InputException(why)
            : end.Outcome == RunOutcome.DiskFull ? new DiskFullException(why)
            : new IOException(why);
    }
}
