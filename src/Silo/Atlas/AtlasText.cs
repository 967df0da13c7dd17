using System.Globalization;
using Distributed.Engine;
using Distributed.Engine.Analytics;
using Distributed.Engine.Atlas;

namespace Distributed.Silo.Atlas;

/// <summary>Parts of an atlas as they stand in addresses.</summary>
internal static class AtlasText
{
    /// <summary>A matrix: <c>0.mean</c>, <c>0.max</c> or <c>0.7</c>, the batch entry and the heads.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public static AttentionPlane Plane(string text)
    {
        string[] sides = text.Split('.');
        if (sides.Length == 2 && Whole(sides[0]) is { } batch)
        {
            if (sides[1] is "mean" or "max")
                return new AttentionPlane((int)batch, sides[1] == "mean" ? HeadAggregation.Mean : HeadAggregation.Max);
            if (Whole(sides[1]) is { } head)
                return new AttentionPlane((int)batch, HeadAggregation.Each, (int)head);
        }
        throw new InputException($"Matrix '{text}' is not known; BATCH.mean, BATCH.max or BATCH.HEAD is expected.");
    }

    /// <summary>A matrix as it stands in addresses.</summary>
    public static string Of(AttentionPlane plane) => string.Create(CultureInfo.InvariantCulture, $"{plane.Batch}.{plane.Heads switch
    {
        HeadAggregation.Mean => "mean",
        HeadAggregation.Max => "max",
        _ => plane.Head.ToString(CultureInfo.InvariantCulture),
    }}");

    /// <summary><c>FIRST:END</c>.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public static (long First, long End) Range(string? text, string what)
    {
        string[] sides = text?.Split(':') ?? [];
        return sides.Length == 2 && Whole(sides[0]) is { } first && Whole(sides[1]) is { } end
            ? (first, end)
            : throw new InputException($"{what} '{text}' are not known; FIRST:END is expected.");
    }

    /// <summary><c>mean</c> or <c>max</c>.</summary>
    /// <exception cref="InputException">It is neither.</exception>
    public static AtlasPooling Pooling(string? text) => text switch
    {
        "mean" => AtlasPooling.Mean,
        null or "max" => AtlasPooling.Max,
        _ => throw new InputException($"Pooling '{text}' is not known; mean or max is expected."),
    };

    private static long? Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int small) ? small
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number < 1L << 48 ? number : null;
}
