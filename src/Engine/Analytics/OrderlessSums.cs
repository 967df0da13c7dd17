namespace Distributed.Engine.Analytics;

/// <summary>
/// Sums of masses (weights, and sums of few of them) that come from many threads in any order and still have the same bits:
/// they are kept as whole numbers of 2^−34, whose addition does not hang on its order. Each mass is rounded to that; a sum
/// may reach 2^29. A mass that is NaN makes its sum NaN.
/// </summary>
/// <param name="count">Sums.</param>
internal sealed class OrderlessSums(long count)
{
    private const double Unit = 1.0 / (1L << 34);

    private readonly long[] _units = new long[count];
    private readonly bool[] _broken = new bool[count];

    /// <summary>Sums.</summary>
    public int Count => _units.Length;

    /// <summary>A sum.</summary>
    public double this[long index] => Volatile.Read(ref _broken[index]) ? double.NaN : Volatile.Read(ref _units[index]) * Unit;

    /// <summary>Adds a mass.</summary>
    public void Add(long index, double mass)
    {
        if (double.IsNaN(mass))
            Volatile.Write(ref _broken[index], true);
        else if (mass != 0)
            Interlocked.Add(ref _units[index], (long)Math.Round(mass / Unit));
    }
}
