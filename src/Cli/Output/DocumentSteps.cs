using Distributed.Engine.Documents;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Output;

/// <summary>Shows the progress of a document job where that of an attention job is shown.</summary>
/// <param name="shown">Where it is shown.</param>
internal sealed class DocumentSteps(IProgress<JobProgress> shown) : IProgress<DocumentProgress>
{
    /// <summary>Progress that is shown there; null where nothing is shown.</summary>
    public static DocumentSteps? To(IProgress<JobProgress>? shown) => shown is null ? null : new DocumentSteps(shown);

    /// <inheritdoc/>
    public void Report(DocumentProgress value) => shown.Report(new JobProgress(value.Done, value.Flops));
}
