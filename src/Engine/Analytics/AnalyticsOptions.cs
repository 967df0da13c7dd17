using Distributed.Engine.Jobs;

namespace Distributed.Engine.Analytics;

/// <summary>What a job works out of its attention weights in a second pass, when the LSE of every row is known.</summary>
public sealed record AnalyticsOptions
{
    /// <summary>Most links of a row, most strongest weights, and most cells of the pooled matrix each way.</summary>
    public const int MaxLinks = 1000, MaxStrongest = 1_000_000, MaxPooled = 8192;

    /// <summary>Most pairs of segments.</summary>
    public const long MaxSegmentPairs = 1L << 26;

    /// <summary>How heads come together.</summary>
    /// <value><see cref="HeadAggregation.Each"/>.</value>
    public HeadAggregation Heads { get; init; }

    /// <summary>Whether to sum up the attention that each key receives.</summary>
    public bool Received { get; init; }

    /// <summary>How many of its strongest keys to keep of each row; null = none.</summary>
    public int? Links { get; init; }

    /// <summary>How many of the strongest weights of all to keep; null = none.</summary>
    public int? Strongest { get; init; }

    /// <summary>Most cells, each way, of the matrix made small; null = it is not made.</summary>
    public int? Pooled { get; init; }

    /// <summary>Whether to sum up the attention by distance.</summary>
    public bool Distances { get; init; }

    /// <summary>Cumulative lengths of segments of rows, 0 to Sq, whose attention to one another is summed up; null = none.</summary>
    public IReadOnlyList<long>? Segments { get; init; }

    /// <summary>The same of keys, 0 to Skv; null = those of the rows.</summary>
    public IReadOnlyList<long>? KeySegments { get; init; }

    /// <summary>Whether there is anything to work out.</summary>
    public bool AsksForWeights => Received || Links is not null || Strongest is not null || Pooled is not null || Distances || Segments is not null;

    /// <summary>Checks what can be checked without the sizes of a job.</summary>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public void Validate()
    {
        Require(Links is null or >= 1 and <= MaxLinks, $"Analytics links:{Links} is out of range; 1 to {MaxLinks} of each row is expected.");
        Require(Strongest is null or >= 1 and <= MaxStrongest, $"Analytics strongest:{Strongest} is out of range; 1 to {MaxStrongest} is expected.");
        Require(Pooled is null or >= 1 and <= MaxPooled, $"Analytics pooled:{Pooled} is out of range; 1 to {MaxPooled} cells each way is expected.");
        Require(KeySegments is null || Segments is not null, "Analytics key segments go with segments, which are missing.");
        Require(
            ((Segments?.Count ?? 1) - 1L) * ((KeySegments ?? Segments)?.Count - 1L ?? 0) <= MaxSegmentPairs,
            $"Analytics segments make {Segments?.Count - 1} · {(KeySegments ?? Segments)?.Count - 1} pairs; at most {MaxSegmentPairs} are expected.");
    }

    /// <summary>Checks the options against the sizes of a job.</summary>
    /// <exception cref="InputException">One does not fit.</exception>
    public void ValidateFor(in AttentionShape shape)
    {
        Validate();
        if (Segments is { } segments)
        {
            CheckStarts("segments", segments, shape.QueryRows, "query rows");
            CheckStarts(KeySegments is null ? "segments" : "key segments", KeySegments ?? segments, shape.KeyRows, "keys");
        }
        Require(
            Links is not { } links || shape.QueryRows * TopLinks.SlotsFor(links) <= Array.MaxLength / 2,
            $"Analytics links:{Links} of {shape.QueryRows} rows are more than this engine holds; at most {Array.MaxLength / 2} links of a head are expected.");
        Require(
            !AsksForWeights || (shape.QueryRows > 0 && shape.KeyRows > 0 && shape.QueryHeads > 0 && shape.Batch > 0),
            $"Analytics of weights need a row and a key; the job has {shape.Batch} batch entries of {shape.QueryHeads} heads, {shape.QueryRows} rows and {shape.KeyRows} keys.");
    }

    /// <summary>About how much memory the results take until they are written, in bytes.</summary>
    public long MemoryFor(in AttentionShape shape)
    {
        double planes = Heads == HeadAggregation.Each ? shape.QueryHeads : 1;
        double plane = (Received ? 9.0 * shape.KeyRows : 0) + (Links is { } links ? 8.0 * TopLinks.SlotsFor(links) * shape.QueryRows : 0);
        if (Pooled is { } cells)
        {
            int level = PooledMatrix.LevelFor(shape.QueryRows, shape.KeyRows, cells);
            plane += 12.0 * ((shape.QueryRows >> level) + 1) * ((shape.KeyRows >> level) + 1);
        }
        plane += 9.0 * ((Segments?.Count ?? 0) * (double)((KeySegments ?? Segments)?.Count ?? 0)) + 100.0 * (Strongest ?? 0);
        return (long)(plane * planes * shape.Batch) + (AsksForWeights ? 4L * shape.Batch * shape.QueryHeads * shape.QueryRows : 0);
    }

    private static void CheckStarts(string what, IReadOnlyList<long> starts, long end, string ofWhat)
    {
        bool ascending = starts.Count >= 2 && starts[0] == 0 && starts[^1] == end && starts.Zip(starts.Skip(1)).All(pair => pair.First < pair.Second);
        Require(
            ascending, $"Analytics {what} {Short(starts)} do not cut {end} {ofWhat}; growing numbers from 0 to {end} are expected.");
    }

    private static string Short(IReadOnlyList<long> numbers) =>
        numbers.Count <= 8 ? string.Join(',', numbers) : $"{string.Join(',', numbers.Take(4))},…,{numbers[^1]}";

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
