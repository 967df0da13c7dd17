using System.Security.Cryptography;
using System.Text;
using Distributed.Silo.Http;

namespace Distributed.Silo.Jobs;

/// <summary>The jobs in memory: by id, in the order of their submission, and by idempotency key.</summary>
internal sealed class JobBoard
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Job> _jobs = [];
    private readonly List<Job> _ordered = [];
    private readonly Dictionary<(string Owner, string Key), Guid> _keys = [];

    public void Add(Job job)
    {
        lock (_lock)
        {
            _jobs[job.Id] = job;
            int at = ~Place(job.Id);
            _ordered.Insert(at, job);
            if (job.Record.IdempotencyKey is { } key)
                _keys[(job.Record.Owner, key)] = job.Id;
        }
    }

    public void Remove(Job job)
    {
        lock (_lock)
        {
            if (!_jobs.Remove(job.Id))
                return;
            _ordered.RemoveAt(Place(job.Id));
            if (job.Record.IdempotencyKey is { } key)
                _keys.Remove((job.Record.Owner, key));
        }
        job.Remove();
    }

    public Job? Find(Guid id)
    {
        lock (_lock)
            return _jobs.GetValueOrDefault(id);
    }

    /// <summary>The job that was submitted with a key; null when none was.</summary>
    /// <exception cref="RefusedException">It was another job.</exception>
    public Job? FindByKey(JobOrder order)
    {
        if (order.IdempotencyKey is not { } key)
            return null;
        Job? job;
        lock (_lock)
            job = _keys.TryGetValue((order.Caller.Name, key), out Guid id) ? _jobs.GetValueOrDefault(id) : null;
        return job is null || job.Record.Digest == DigestOf(order)
            ? job
            : throw new RefusedException(Refusal.KeyReused, $"Idempotency key '{key}' was used for job {job.Id}, whose specification, name or priority is another.");
    }

    public IReadOnlyList<Job> In(params ReadOnlySpan<JobState> states)
    {
        var found = new List<Job>();
        lock (_lock)
        {
            foreach (Job job in _ordered)
            {
                if (states.Contains(job.Record.State))
                    found.Add(job);
            }
        }
        return found;
    }

    public Dictionary<JobState, int> Count()
    {
        lock (_lock)
            return _ordered.CountBy(job => job.Record.State).ToDictionary();
    }

    public JobPage List(JobQuery query)
    {
        var found = new List<JobSummary>(Math.Min(query.Limit, 1024));
        lock (_lock)
        {
            int at = query.After is { } after ? Place(after) is var place && place >= 0 ? place - 1 : ~place - 1 : _ordered.Count - 1;
            for (; at >= 0; at--)
            {
                Job job = _ordered[at];
                if (!Matches(job.Record, query))
                    continue;
                if (found.Count == query.Limit)
                    return new JobPage(found, found[^1].Id);
                found.Add(JobViews.Summary(job.Snapshot.Status));
            }
        }
        return new JobPage(found, null);
    }

    /// <summary>What tells a repetition of a request from another.</summary>
    public static string DigestOf(JobOrder order) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes($"{order.Priority}\n{order.Name}\n{order.Specification}")));

    private static bool Matches(JobRecord job, JobQuery query) =>
        (query.States.Count == 0 || query.States.Contains(job.State))
        && (query.Owner is null || query.Owner == job.Owner)
        && (query.Name is null || query.Name == job.Name);

    private int Place(Guid id)
    {
        int low = 0, high = _ordered.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = _ordered[middle].Id.CompareTo(id);
            if (order == 0)
                return middle;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return ~low;
    }
}
