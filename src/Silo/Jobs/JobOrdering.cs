namespace Distributed.Silo.Jobs;

/// <summary>
/// Which job is next: of those of the highest priority, one of the key that has the fewest jobs at work, and among such
/// keys the one whose turn was longest ago; of that key the oldest job. The next one waits until it fits; none overtakes
/// it, so a large job is not put off for ever by small ones.
/// </summary>
internal sealed class JobOrdering
{
    private readonly Dictionary<string, long> _turns = [];
    private long _turn;

    /// <summary>The next job; null when none waits.</summary>
    /// <param name="waiting">Those that wait.</param>
    /// <param name="atWork">Those that are computed.</param>
    public Job? Next(IEnumerable<Job> waiting, IReadOnlyCollection<Job> atWork) => waiting
        .OrderByDescending(job => job.Record.Priority)
        .ThenBy(job => atWork.Count(other => other.Record.Owner == job.Record.Owner))
        .ThenBy(job => _turns.GetValueOrDefault(job.Record.Owner))
        .ThenBy(job => job.Id)
        .FirstOrDefault();

    /// <summary>A job of this key was begun.</summary>
    public void Took(string owner) => _turns[owner] = ++_turn;
}
