using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Tests.Masks;

/// <summary>A mask drawn from a seed beside its definition, asked one (batch, head, row, key) at a time.</summary>
internal sealed unsafe class MaskCase
{
    /// <summary>Batch entries and heads that masks may tell apart.</summary>
    public const int Batch = 2, Heads = 3;

    public required IAttentionMask Mask { get; init; }

    public required Func<int, int, long, long, bool> Sees { get; init; }

    /// <summary>One of every kind, by name.</summary>
    public static IReadOnlyDictionary<string, Func<Random, int, int, MaskCase>> Kinds { get; } =
        new Dictionary<string, Func<Random, int, int, MaskCase>>
        {
            ["band"] = Band,
            ["excluded band"] = ExcludedBand,
            ["prefix"] = Prefix,
            ["dilated"] = Dilated,
            ["global keys"] = GlobalKeys,
            ["valid keys"] = ValidKeys,
            ["documents"] = Documents,
            ["block pairs"] = BlockPairs,
            ["dense"] = Dense,
            ["set"] = Set,
        };

    private static MaskCase Band(Random random, int rows, int keys)
    {
        (QueryPositions positions, Func<int, long, long> at) = Positions(random, rows, keys);
        int left = random.Next(-1, keys), right = random.Next(-1, keys);
        return new MaskCase
        {
            Mask = new BandMask("band", positions, left, right),
            Sees = (b, _, row, key) => (left < 0 || key >= at(b, row) - left) && (right < 0 || key <= at(b, row) + right),
        };
    }

    private static MaskCase ExcludedBand(Random random, int rows, int keys)
    {
        (QueryPositions positions, Func<int, long, long> at) = Positions(random, rows, keys);
        int radius = random.Next(0, keys);
        return new MaskCase
        {
            Mask = new ExcludedBandMask(positions, radius),
            Sees = (b, _, row, key) => Math.Abs(key - at(b, row)) > radius,
        };
    }

    private static MaskCase Prefix(Random random, int rows, int keys)
    {
        (QueryPositions positions, Func<int, long, long> at) = Positions(random, rows, keys);
        int prefix = random.Next(0, keys + 5);
        return new MaskCase
        {
            Mask = new PrefixMask("top-left", positions, prefix),
            Sees = (b, _, row, key) => key < prefix || key <= at(b, row),
        };
    }

    private static MaskCase Dilated(Random random, int rows, int keys)
    {
        (QueryPositions positions, Func<int, long, long> at) = Positions(random, rows, keys);
        int stride = random.Next(3) == 0 ? random.Next(60, 200) : random.Next(1, 9);
        return new MaskCase
        {
            Mask = new DilatedMask(positions, stride),
            Sees = (b, _, row, key) => (key - at(b, row)) % stride == 0,
        };
    }

    private static MaskCase GlobalKeys(Random random, int rows, int keys)
    {
        MaskCase inner = Band(random, rows, keys);
        int count = random.Next(0, keys);
        return new MaskCase
        {
            Mask = new GlobalKeysMask(inner.Mask, count),
            Sees = (b, h, row, key) => key < count || inner.Sees(b, h, row, key),
        };
    }

    private static MaskCase ValidKeys(Random random, int rows, int keys)
    {
        long[] counts = [.. Enumerable.Range(0, Batch).Select(_ => (long)random.Next(0, keys + 1))];
        return new MaskCase { Mask = new ValidKeysMask(counts), Sees = (b, _, _, key) => key < counts[b] };
    }

    private static MaskCase Documents(Random random, int rows, int keys)
    {
        int documents = random.Next(1, 12);
        long[] queryStarts = Cuts(random, documents, rows), keyStarts = Cuts(random, documents, keys);
        return new MaskCase
        {
            Mask = new DocumentMask(queryStarts, keyStarts),
            Sees = (_, _, row, key) => Enumerable.Range(0, documents).Any(d =>
                row >= queryStarts[d] && row < queryStarts[d + 1] && key >= keyStarts[d] && key < keyStarts[d + 1]),
        };
    }

    private static MaskCase BlockPairs(Random random, int rows, int keys)
    {
        int queryBlock = random.Next(1, 40), keyBlock = random.Next(1, 90);
        double share = random.NextDouble();
        var pairs = new HashSet<(long, long)>();
        for (long r = 0; r * queryBlock < rows; r++)
        {
            for (long c = 0; c * keyBlock < keys; c++)
            {
                if (random.NextDouble() < share)
                    pairs.Add((r, c));
            }
        }
        return new MaskCase
        {
            Mask = new BlockPairsMask(queryBlock, keyBlock, pairs),
            Sees = (_, _, row, key) => pairs.Contains((row / queryBlock, key / keyBlock)),
        };
    }

    private static MaskCase Dense(Random random, int rows, int keys)
    {
        int batch = random.Next(2) == 0 ? 1 : Batch, heads = random.Next(2) == 0 ? 1 : Heads, high = random.Next(3) == 0 ? 1 : rows;
        int wide = random.Next(3) == 0 ? random.Next(0, keys) : keys;
        double share = random.Next(4) switch { 0 => 1, 1 => 0, 2 => 0.999, _ => random.NextDouble() };
        byte[] elements = GC.AllocateArray<byte>(batch * heads * high * wide, pinned: true);
        foreach (ref byte element in elements.AsSpan())
            element = (byte)(random.NextDouble() < share ? random.Next(1, 3) : 0);
        fixed (byte* start = elements)
        {
            return new MaskCase
            {
                Mask = new DenseMask(
                    start, batch == 1 ? 0 : heads * high * wide, heads == 1 ? 0 : high * wide, high == 1 ? 0 : wide, wide),
                Sees = (b, h, row, key) => key < wide
                    && elements[(((b % batch * heads) + (h % heads)) * high + row % high) * wide + key] != 0,
            };
        }
    }

    private static MaskCase Set(Random random, int rows, int keys)
    {
        MaskCase[] members = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ =>
            Kinds.Values.ElementAt(random.Next(Kinds.Count - 1))(random, rows, keys))];
        return new MaskCase
        {
            Mask = new MaskSet([.. members.Select(member => member.Mask)]),
            Sees = (b, h, row, key) => members.All(member => member.Sees(b, h, row, key)),
        };
    }

    private static (QueryPositions, Func<int, long, long>) Positions(Random random, int rows, int keys)
    {
        long Offset() => random.Next(-rows, keys);
        switch (random.Next(3))
        {
            case 0:
                long one = Offset();
                return (QueryPositions.At(one), (_, row) => row + one);
            case 1:
                long[] each = [.. Enumerable.Range(0, Batch).Select(_ => Offset())];
                return (QueryPositions.PerBatch(each), (b, row) => row + each[b]);
            default:
                long[] ends = Cuts(random, random.Next(1, 6), rows)[1..];
                long[] offsets = [.. ends.Select(_ => Offset())];
                return (QueryPositions.PerRun(ends, offsets), (_, row) => row + offsets[Array.FindIndex(ends, end => end > row)]);
        }
    }

    private static long[] Cuts(Random random, int parts, int total) =>
        [0, .. Enumerable.Range(0, parts - 1).Select(_ => (long)random.Next(0, total + 1)).Order(), total];
}
