namespace Distributed.Kernels.Scores;

/// <summary>
/// T5's relative position buckets (Raffel et al., 2020, section 2.1): short distances have a bucket each, longer ones share
/// buckets that grow with the logarithm, and from a largest distance on all share the last.
/// </summary>
public static class RelativeBuckets
{
    /// <summary>The bucket of a key.</summary>
    /// <param name="distance">Key minus position.</param>
    /// <param name="buckets">Buckets; even where both sides have their own.</param>
    /// <param name="farthest">Distance from which on all share the last bucket.</param>
    /// <param name="bothSides">Whether keys behind the position have buckets of their own; otherwise they share bucket 0.</param>
    public static int Of(long distance, int buckets, int farthest, bool bothSides)
    {
        int first = 0;
        if (bothSides)
        {
            buckets /= 2;
            first = distance > 0 ? buckets : 0;
            distance = Math.Abs(distance);
        }
        else
        {
            distance = Math.Max(-distance, 0);
        }
        int exact = buckets / 2;
        if (distance < exact)
            return first + (int)distance;
        int grown = exact + (int)(Math.Log((double)distance / exact) / Math.Log((double)farthest / exact) * (buckets - exact));
        return first + Math.Min(grown, buckets - 1);
    }
}
