namespace Distributed.Grains.Jobs;

/// <summary>A later coordinator has taken the job over; the earlier one must leave it alone.</summary>
[GenerateSerializer]
public sealed class SupersededException : Exception
{
    /// <summary>Names the job and the coordinator.</summary>
    public SupersededException(string message)
        : base(message)
    {
    }
}
