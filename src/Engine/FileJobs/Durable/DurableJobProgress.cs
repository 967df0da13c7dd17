namespace Distributed.Engine.FileJobs.Durable;

/// <summary>How far a durable job is.</summary>
/// <param name="Done">Estimated share of the work done, 0 to 1.</param>
/// <param name="Flops">Floating-point operations done, inside the masks.</param>
/// <param name="PairsSeen">(query, key) pairs done, inside the masks, over all heads.</param>
/// <param name="Blocks">Blocks it is cut into.</param>
/// <param name="BlocksFinished">Blocks whose rows are on disk.</param>
public readonly record struct DurableJobProgress(double Done, double Flops, long PairsSeen, int Blocks, int BlocksFinished);
