namespace Distributed.Simulator.Model;

/// <summary>Silos of unequal speed.</summary>
internal static class Stragglers
{
    /// <summary>A factor for each silo, drawn evenly between 1 − <paramref name="spread"/> and 1.</summary>
    public static IReadOnlyList<double> Draw(int silos, double spread, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, silos).Select(_ => 1 - spread * random.NextDouble())];
    }
}
