using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

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

    // 1.5 · 2^52: a number this large has no fraction, so adding it rounds to the nearest whole number (ties to even), which is
    // then in the low bits; for numbers below 2^51, that is masses below 2^17.
    private const double Rounder = 6755399441055744.0;

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
            Units(masses.Slice(at, count), units);
            lock (_locks[block])
                Add(first + at, masses.Slice(at, count), units[..count]);
        }
    }

    private static void Units(ReadOnlySpan<double> masses, Span<long> units)
    {
        int i = 0;
        for (; i + Vector512<double>.Count <= masses.Length; i += Vector512<double>.Count)
        {
            Vector512<double> large = Vector512.Create(masses[i..]) * PerOne + Vector512.Create(Rounder);
            (large.AsInt64() - Vector512.Create(Rounder).AsInt64()).CopyTo(units[i..]);
        }
        for (; i < masses.Length; i++)
            units[i] = BitConverter.DoubleToInt64Bits(masses[i] * PerOne + Rounder) - BitConverter.DoubleToInt64Bits(Rounder);
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
