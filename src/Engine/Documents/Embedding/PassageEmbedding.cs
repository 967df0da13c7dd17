using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Documents.Embedding;

/// <summary>
/// Vectors of passages: per head the weighted n-grams of one <see cref="FeatureFamily"/>, hashed into
/// <see cref="EmbeddingOptions.HeadDim"/> signed dimensions, of length 1. The dot product of two is the cosine of their
/// n-gram weights, but for the noise of hashing, whose standard deviation is about 1/√HeadDim. docs/documents.md says it
/// in full. The same text gives the same bits on every machine and for any number of threads.
/// </summary>
/// <remarks>
/// Signed feature hashing: Weinberger et al., "Feature hashing for large scale multitask learning", 2009. Several
/// dimensions per feature, one in each of as many equal parts of the vector: Kane and Nelson, "Sparser
/// Johnson-Lindenstrauss transforms", 2014.
/// </remarks>
public sealed class PassageEmbedding : IDisposable
{
    /// <summary>Dimensions that one feature adds to.</summary>
    public const int Touched = 4;

    private const int PassagesPerPiece = 128;

    private readonly NativeBuffer _memory;

    private PassageEmbedding(int passages, EmbeddingOptions options)
    {
        (Passages, Heads, Dim) = (passages, options.Heads, options.HeadDim);
        _memory = new NativeBuffer((nuint)options.Heads * (nuint)passages * (nuint)options.HeadDim * sizeof(float));
    }

    /// <summary>Rows of a head.</summary>
    public int Passages { get; }

    /// <summary>Heads.</summary>
    public int Heads { get; }

    /// <summary>Elements of a row.</summary>
    public int Dim { get; }

    /// <summary>All of it: <c>[1, heads, passages, dim]</c>, F32.</summary>
    public unsafe HeadTensor Tensor => HeadTensor.Dense(
        (nint)_memory.Pointer, ElementType.F32, HeadLayout.Bhsd, 1, Heads, Passages, Dim);

    /// <summary>The vector of one passage in one head.</summary>
    public ReadOnlySpan<float> Row(int head, int passage) => RowOf(head, passage);

    /// <summary>Embeds a document.</summary>
    /// <param name="passages">Its passages; at least one.</param>
    /// <param name="options">The shape.</param>
    /// <param name="pool">Where the work runs.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public static async Task<PassageEmbedding> CreateAsync(
        IReadOnlyList<Passage> passages, EmbeddingOptions options, ComputePool pool,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(pool);
        options.Validate();
        int used = Math.Min(options.Heads, FeatureFamily.All.Count);
        var weights = new FeatureWeights[used];
        await pool.RunAllAsync(
            Enumerable.Range(0, used).Select<int, Action<ComputeScratch>>(
                family => _ => weights[family] = FeatureWeights.Of(FeatureFamily.All[family], passages, cancellation)),
            cancellation).ConfigureAwait(false);

        var embedding = new PassageEmbedding(passages.Count, options);
        try
        {
            int pieces = (passages.Count + PassagesPerPiece - 1) / PassagesPerPiece;
            await pool.RunAllAsync(
                Enumerable.Range(0, pieces).Select<int, Action<ComputeScratch>>(
                    piece => _ => embedding.Fill(passages, weights, piece * PassagesPerPiece)),
                cancellation).ConfigureAwait(false);
            return embedding;
        }
        catch
        {
            embedding.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private unsafe Span<float> RowOf(int head, int passage) =>
        new(_memory.Floats + ((nint)head * Passages + passage) * Dim, Dim);

    private void Fill(IReadOnlyList<Passage> passages, FeatureWeights[] weights, int first)
    {
        var text = new FoldedText();
        var features = new List<ulong>();
        var weighted = new List<(ulong Feature, double Weight)>();
        var sums = new double[Dim];
        for (int passage = first; passage < Math.Min(first + PassagesPerPiece, Passages); passage++)
        {
            text.Set(passages[passage].Text);
            for (int family = 0; family < weights.Length; family++)
            {
                FeatureFamily.All[family].Extract(text, features);
                weights[family].Weigh(features, weighted);
                for (int head = family; head < Heads; head += weights.Length)
                    Project(weighted, FeatureHash.Mix((ulong)head + 1), sums, RowOf(head, passage));
            }
        }
    }

    // 16 bits of one hash for each dimension touched: the lowest is the sign, the others say which one of its part.
    private static void Project(
        List<(ulong Feature, double Weight)> weighted, ulong seed, double[] sums, Span<float> row)
    {
        Array.Clear(sums);
        int part = sums.Length / Touched;
        foreach ((ulong feature, double weight) in weighted)
        {
            ulong bits = FeatureHash.Mix(feature ^ seed);
            for (int start = 0; start < sums.Length; start += part, bits >>= 16)
            {
                int place = (int)((bits & 0xFFFF) >> 1) * part >> 15;
                sums[start + place] += (bits & 1) != 0 ? weight : -weight;
            }
        }
        double squares = 0;
        foreach (double sum in sums)
            squares += sum * sum;

        // Features can cancel one another out; such a passage resembles every other one equally.
        double factor = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        for (int i = 0; i < row.Length; i++)
            row[i] = (float)(sums[i] * factor);
    }
}
