namespace Distributed.Grains.Jobs;

/// <summary>
/// The speeds that silos show on a job. One that has shown none yet is taken to be as fast, thread for thread, as the
/// others: at worst it keeps one block too long.
/// </summary>
internal static class SpeedEstimate
{
    private const double FewestSeconds = 1;

    /// <summary>Cost a second; null before there is enough to tell.</summary>
    /// <param name="cost">Cost done.</param>
    /// <param name="seconds">In how many seconds.</param>
    public static double? Shown(double cost, double seconds) => cost > 0 && seconds >= FewestSeconds ? cost / seconds : null;

    /// <summary>A speed for each silo; null when none has shown any.</summary>
    /// <param name="silos">Speed shown, and threads.</param>
    public static double[]? All(IReadOnlyList<(double? Shown, int Threads)> silos)
    {
        double speed = 0, threads = 0;
        foreach ((double? shown, int of) in silos)
        {
            speed += shown ?? 0;
            threads += shown is null ? 0 : of;
        }
        return threads == 0 ? null : [.. silos.Select(silo => silo.Shown ?? speed / threads * silo.Threads)];
    }
}
