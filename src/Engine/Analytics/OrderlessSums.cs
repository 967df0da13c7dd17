using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;

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

    /// <summary>Writes neighbouring sums; nobody may add any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyTo(long first, Span<float> sums)
    {
        for (int i = 0; i < sums.Length; i++)
            sums[i] = (float)this[first + i];
    }

    /// <summary>Adds a mass.</summary>
    public void Add(long index, double mass) => Add(index, [mass]);

    /// <summary>Adds masses to neighbouring sums.</summary>
    /// <param name="first">The first sum.</param>
    /// <param name="masses">What is added to it and to those behind it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long first, ReadOnlySpan<double> masses)
    {
        // One lock for many of them: atomic additions would take longer than making the weights.
        for (int at = 0, count; at < masses.Length; at += count)
        {
            int start = (int)first + at, block = start / Together;
            count = Math.Min(masses.Length - at, (block + 1) * Together - start);
            lock (_locks[block])
                Add(masses.Slice(at, count), _units.AsSpan(start, count), _broken.AsSpan(start, count));
        }
    }

    /// <summary>Writes those from the first to the last that are not 0.</summary>
    public void Save(CheckpointWriter writer)
    {
        int first = 0, end = Count;
        while (first < end && _units[first] == 0 && !_broken[first])
            first++;
        while (end > first && _units[end - 1] == 0 && !_broken[end - 1])
            end--;
        writer.Write(first);
        writer.Write(end - first);
        writer.Write(MemoryMarshal.AsBytes(_units.AsSpan(first, end - first)));
        writer.Write(MemoryMarshal.AsBytes(_broken.AsSpan(first, end - first)));
    }

    /// <summary>Adds what others have saved.</summary>
    public void Add(CheckpointReader reader)
    {
        int first = reader.ReadInt32();
        var units = new long[reader.ReadInt32()];
        var broken = new bool[units.Length];
        reader.Read(MemoryMarshal.AsBytes(units.AsSpan()));
        reader.Read(MemoryMarshal.AsBytes(broken.AsSpan()));
        for (int i = 0; i < units.Length; i++)
        {
            _units[first + i] += units[i];
            _broken[first + i] |= broken[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(ReadOnlySpan<double> masses, Span<long> sums, Span<bool> broken)
    {
        int i = 0;
        Vector512<double> numbers = Vector512<double>.AllBitsSet;
        for (; i + Vector512<double>.Count <= masses.Length; i += Vector512<double>.Count)
        {
            Vector512<double> mass = Vector512.Create(masses[i..]), large = mass * PerOne + Vector512.Create(Rounder);
            (Vector512.Create(sums[i..]) + (large.AsInt64() - Vector512.Create(Rounder).AsInt64())).CopyTo(sums[i..]);
            numbers &= Vector512.Equals(mass, mass);
        }
        bool all = numbers.AsInt64() == Vector512<long>.AllBitsSet;
        for (; i < masses.Length; i++)
        {
            sums[i] += BitConverter.DoubleToInt64Bits(masses[i] * PerOne + Rounder) - BitConverter.DoubleToInt64Bits(Rounder);
            all &= !double.IsNaN(masses[i]);
        }
        for (i = 0; !all && i < masses.Length; i++)
            broken[i] |= double.IsNaN(masses[i]);
    }
}
