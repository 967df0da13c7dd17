namespace Distributed.Engine.Jobs;

/// <summary>How far a job is. Taken as a snapshot; each later one is at least as far.</summary>
/// <param name="Done">Estimated share of the work done, 0 to 1.</param>
/// <param name="Flops">Floating-point operations done so far, inside the masks.</param>
public readonly record struct JobProgress(double Done, double Flops);
