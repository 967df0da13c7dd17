namespace Distributed.Client;

/// <summary>What goes with a job's specification.</summary>
public sealed record SubmitOptions
{
    /// <summary>What to call the job.</summary>
    public string? Name { get; init; }

    /// <summary>Higher ones go first, −100 to 100.</summary>
    /// <value>0.</value>
    public int Priority { get; init; }

    /// <summary>What tells a repetition of the submission from another job.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>Which jobs to list.</summary>
public sealed record JobQuery
{
    /// <summary>In these states; none = in all.</summary>
    public IReadOnlyList<string> States { get; init; } = [];

    /// <summary>Of this key; null = of all.</summary>
    public string? Owner { get; init; }

    /// <summary>Of this name; null = of all.</summary>
    public string? Name { get; init; }

    /// <summary>Older than this one (<see cref="JobPage.Next"/>); null = from the youngest.</summary>
    public Guid? After { get; init; }

    /// <summary>How many at most, up to 10,000.</summary>
    /// <value>100.</value>
    public int Limit { get; init; } = 100;
}

/// <summary>Some jobs, the youngest first.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">What to give as <see cref="JobQuery.After"/> for those that follow; null when none do.</param>
public sealed record JobPage(IReadOnlyList<JobSummary> Jobs, Guid? Next);

/// <summary>A job in a list.</summary>
/// <param name="Id">The job.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Kind"><c>tensors</c> or <c>document</c>.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Owner">The key that it was submitted with.</param>
/// <param name="Priority">Higher ones go first.</param>
/// <param name="Submitted">When it was submitted.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Done">Estimated share of the work done, 0 to 1.</param>
/// <param name="Rate">Floating-point operations a second, lately.</param>
/// <param name="SecondsLeft">Estimated seconds of work left.</param>
/// <param name="Error">Why it failed, in one sentence.</param>
public sealed record JobSummary(
    Guid Id, string? Name, string Kind, string State, string Owner, int Priority, DateTimeOffset Submitted,
    DateTimeOffset? Ended, double Done, double Rate, double? SecondsLeft, string? Error);
