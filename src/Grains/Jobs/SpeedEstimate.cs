namespace Distributed.Grains.Jobs;

/// <summary>
/// The speeds that silos show on a job. One that has shown none yet is taken to be as much faster or slower than the others as
/// it was when each was measured by itself: at worst it keeps one block too long.
/// </summary>
internal static class SpeedEstimate
{
    private const double FewestSeconds = 1;

    /// <summary>Cost a second; null before there is enough to tell.</summary>
    /// <param name="cost">Cost done.</param>
    /// <param name="seconds">In how many seconds.</param>
    public static double? Shown(double cost, double seconds) => cost > 0 && seconds >= FewestSeconds ? cost / seconds : null;

    /// <summary>A speed for each silo; null when none has shown any.</summary>
    /// <param name="silos">Speed shown, and speed measured by itself, in a unit of its own.</param>
    public static double[]? All(IReadOnlyList<(double? Shown, double Measured)> silos)
    {
        double shown = 0, measured = 0;
        foreach ((double? speed, double alone) in silos)
        {
            shown += speed ?? 0;
            measured += speed is null ? 0 : alone;
        }
        return measured == 0 ? null : [.. silos.Select(silo => silo.Shown ?? shown / measured * silo.Measured)];
    }
}
