using System.Numerics.Tensors;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Sums of masses (weights, and sums of few of them) that come from many threads in any order and still have the same bits:
/// they are kept as whole numbers of 2^−34, whose addition does not hang on its order. Each mass is rounded to that; a sum
/// may reach 2^29. A mass that is NaN makes its sum NaN.
/// </summary>
internal sealed class OrderlessSums
{
    private const double PerOne = 1L << 34;
    private const int Together = 1024;

    private readonly long[] _units;
    private readonly bool[] _broken;
    private readonly Lock[] _locks;

    /// <summary>Sums of 0.</summary>
    /// <param name="count">How many.</param>
    public OrderlessSums(long count)
    {
        (_units, _broken) = (new long[count], new bool[count]);
        _locks = [.. Enumerable.Range(0, (int)((count + Together - 1) / Together)).Select(_ => new Lock())];
    }

    /// <summary>Sums.</summary>
    public int Count => _units.Length;

    /// <summary>A sum; nobody may add any more.</summary>
    public double this[long index] => _broken[index] ? double.NaN : _units[index] / PerOne;

    /// <summary>Adds a mass.</summary>
    public void Add(long index, double mass) => Add(index, [mass]);

    /// <summary>Adds masses to neighbouring sums.</summary>
    /// <param name="first">The first sum.</param>
    /// <param name="masses">What is added to it and to those behind it.</param>
    public void Add(long first, ReadOnlySpan<double> masses)
    {
        // One lock for many of them: atomic additions would take longer than making the weights.
        Span<long> units = stackalloc long[Math.Min(Together, masses.Length)];
        for (int at = 0, count; at < masses.Length; at += count)
        {
            int block = (int)((first + at) / Together);
            count = (int)Math.Min(masses.Length - at, (block + 1L) * Together - first - at);
            for (int i = 0; i < count; i++)
                units[i] = (long)Math.Round(masses[at + i] * PerOne);
            lock (_locks[block])
                Add(first + at, masses.Slice(at, count), units[..count]);
        }
    }

    private void Add(long first, ReadOnlySpan<double> masses, ReadOnlySpan<long> units)
    {
        Span<long> sums = _units.AsSpan((int)first, units.Length);
        TensorPrimitives.Add(sums, units, sums);
        if (!double.IsNaN(TensorPrimitives.Sum(masses)))
            return;
        for (int i = 0; i < masses.Length; i++)
            _broken[first + i] |= double.IsNaN(masses[i]);
    }
}
