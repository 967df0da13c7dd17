namespace Distributed.Engine.Documents.Embedding;

/// <summary>Hashes that are the same in every process and on every machine.</summary>
internal static class FeatureHash
{
    private const ulong FnvOffset = 14695981039346656037, FnvPrime = 1099511628211;

    /// <summary>
    /// FNV-1a over the bytes of UTF-16 units, low byte first, finished by <see cref="Mix"/> because the upper bits of
    /// FNV-1a alone hardly change for short strings.
    /// </summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        ulong hash = FnvOffset;
        foreach (char c in text)
        {
            hash = (hash ^ (byte)c) * FnvPrime;
            hash = (hash ^ (byte)(c >> 8)) * FnvPrime;
        }
        return Mix(hash);
    }

    /// <summary>The hash of a sequence that goes on from <paramref name="hash"/> with <paramref name="next"/>.</summary>
    public static ulong Join(ulong hash, ulong next) => Mix((hash * FnvPrime) ^ next);

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).</summary>
    public static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
