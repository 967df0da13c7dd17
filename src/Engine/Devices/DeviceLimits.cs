using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;

namespace Distributed.Engine.Devices;

/// <summary>What the kernels of devices do not do.</summary>
public static class DeviceLimits
{
    /// <summary>Most elements of a key and of a value.</summary>
    public const int MostElements = 512;

    /// <summary>Most keys, and farthest position of a query.</summary>
    public const long MostPosition = 1L << 30;

    /// <summary>Why a job has to be done by the CPU, in one sentence; null when a device can do it.</summary>
    public static string? Refusal(JobPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Mechanism.Kind != MechanismKind.Softmax)
            return $"mechanism {Names.Of(plan.Mechanism.Kind)} is worked out by the CPU alone.";
        if (plan.Tensors.Additive is not null || plan.Tensors.LocationScores || plan.Scores.HasPositionTerms)
            return "scores that are no scaled dot product of one row and one key are worked out by the CPU kernels alone.";
        if (plan.Statistics is not null)
            return "statistics of rows are worked out by the CPU kernels alone.";
        if (plan.Shape.KeyDim > MostElements || plan.Shape.ValueDim > MostElements)
            return $"its head sizes are {plan.Shape.KeyDim} and {plan.Shape.ValueDim}, and at most {MostElements} is possible there.";
        if (plan.Shape.KeyRows > MostPosition || plan.Shape.QueryRows > MostPosition)
            return $"it has {Math.Max(plan.Shape.KeyRows, plan.Shape.QueryRows)} rows, and at most {MostPosition} are possible there.";
        if (plan.Scores.FarthestPosition(plan.Shape) > MostPosition)
            return $"its queries stand {plan.Scores.FarthestPosition(plan.Shape)} keys away, and at most {MostPosition} are possible there.";
        return null;
    }
}
