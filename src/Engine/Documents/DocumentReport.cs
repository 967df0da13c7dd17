using Distributed.Engine.Analytics;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Documents;

/// <summary>What a document job found.</summary>
/// <param name="Name">The document, for people.</param>
/// <param name="Options">The options it ran with.</param>
/// <param name="Passages">The passages.</param>
/// <param name="Attention">What the attention computed: heads, tiles, rate.</param>
/// <param name="Strongest">The strongest links of each passage, averaged over heads.</param>
/// <param name="Links">The strongest pairs of all; see <see cref="StrongestPairs"/>.</param>
/// <param name="Matrix">The attention matrix in small.</param>
/// <param name="Files">Full paths of the files written.</param>
/// <param name="Times">Where the time went.</param>
public sealed record DocumentReport(
    string Name, DocumentOptions Options, IReadOnlyList<Passage> Passages, JobReport Attention, TopLinks Strongest,
    IReadOnlyList<RowPair> Links, PooledMatrix Matrix, IReadOnlyList<string> Files, DocumentTimes Times);

/// <summary>Where a document job's time went.</summary>
/// <param name="Embedding">Making vectors of passages.</param>
/// <param name="Attention">Attention over the passages.</param>
/// <param name="Links">The second walk.</param>
/// <param name="Files">Drawing and writing.</param>
public readonly record struct DocumentTimes(TimeSpan Embedding, TimeSpan Attention, TimeSpan Links, TimeSpan Files)
{
    /// <summary>All of it.</summary>
    public TimeSpan Total => Embedding + Attention + Links + Files;
}
