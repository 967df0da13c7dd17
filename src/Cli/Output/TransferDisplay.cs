using Distributed.Client;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Output;

/// <summary>Shows how far a transfer is, in the same way as the progress of a job.</summary>
internal static class TransferDisplay
{
    /// <summary>Runs a transfer and shows it on stderr.</summary>
    public static Task RunAsync(string name, Func<IProgress<TransferProgress>?, Task> transfer) => ProgressDisplay.RunAsync(
        name, show: !Console.IsErrorRedirected, async progress =>
        {
            await transfer(progress is null ? null : new Relay(progress));
            return true;
        });

    private sealed class Relay(IProgress<JobProgress> progress) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) =>
            progress.Report(new JobProgress(value.Total > 0 ? (double)value.Bytes / value.Total : 0, 0));
    }
}
