namespace Distributed.Kernels.Hard;

/// <summary>
/// The best keys that query rows of one head have seen so far: per row up to k keys with their scores, the best one first.
/// A higher score is better, of equal scores the one of the lower key, and NaN is better than any number, so that it is
/// not lost. The order is total: in whatever order keys come, the same ones stay.
/// </summary>
/// <param name="memory"><see cref="FloatsFor"/> numbers, 8-byte aligned.</param>
/// <param name="rows">Query rows.</param>
/// <param name="k">Keys kept of a row.</param>
public readonly unsafe struct TopKState(float* memory, int rows, int k)
{
    /// <summary>Query rows.</summary>
    public int Rows => rows;

    /// <summary>Keys kept of a row.</summary>
    public int K => k;

    /// <summary>F32 numbers that the state takes: a key of 64 bits and a score for each.</summary>
    public static nuint FloatsFor(int rows, int k) => 3 * (nuint)rows * (nuint)k;

    /// <summary>The keys of a row, counted from the start of the sequence.</summary>
    public Span<long> Keys(int row) => new((long*)memory + (nint)row * k, k);

    /// <summary>Their scores in base 2; −∞ where there is no key.</summary>
    public Span<float> Scores(int row) => new(memory + 2 * (nint)rows * k + (nint)row * k, k);

    /// <summary>Keys that a row has.</summary>
    public int Count(int row)
    {
        int empty = Scores(row).IndexOf(float.NegativeInfinity);
        return empty < 0 ? k : empty;
    }

    /// <summary>Makes it the state of rows that have seen nothing.</summary>
    public void Reset()
    {
        for (int row = 0; row < rows; row++)
        {
            Keys(row).Fill(long.MaxValue);
            Scores(row).Fill(float.NegativeInfinity);
        }
    }
}
