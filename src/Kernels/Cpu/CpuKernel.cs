using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu;

/// <summary>
/// Softmax attention of one head on one tile: query rows of at most one span against keys of at most one span. Every
/// implementation gives the same bits for the same input; docs/kernels.md fixes the arithmetic they share.
/// </summary>
/// <remarks>
/// Queries, keys and values are packed first, into whatever order an implementation reads fastest. A packed key span
/// serves any number of query spans and query heads, also at the same time from several threads. No method allocates.
/// </remarks>
public abstract unsafe class CpuKernel
{
    /// <summary>Name for people and reports, e.g. <c>avx512</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes that <see cref="PackQueries"/> writes.</summary>
    public abstract nuint QueryBytes(int rows, int keyDim);

    /// <summary>Bytes that <see cref="PackKeys"/> writes.</summary>
    public abstract nuint KeyBytes(int keys, int keyDim);

    /// <summary>Bytes that <see cref="PackValues"/> writes.</summary>
    public abstract nuint ValueBytes(int keys, int valueDim);

    /// <summary>Bytes of scratch memory that one running <see cref="Fold"/>, <see cref="FoldDirect"/> or
    /// <see cref="Weights"/> needs.</summary>
    public abstract nuint WorkspaceBytes(int keyDim, int valueDim);

    /// <summary>
    /// Packs query rows, each element multiplied by <paramref name="scale"/> · log2(e) (one rounding to F32).
    /// </summary>
    /// <param name="queries">At most one span of rows.</param>
    /// <param name="scale">The softmax scale, commonly 1/√D.</param>
    /// <param name="destination"><see cref="QueryBytes"/> bytes, 64-byte aligned.</param>
    public abstract PackedQueries PackQueries(TensorRows queries, double scale, byte* destination);

    /// <summary>Packs keys.</summary>
    /// <param name="keys">At most one span of rows.</param>
    /// <param name="destination"><see cref="KeyBytes"/> bytes, 64-byte aligned.</param>
    public abstract PackedKeys PackKeys(TensorRows keys, byte* destination);

    /// <summary>Packs values.</summary>
    /// <param name="values">At most one span of rows.</param>
    /// <param name="destination"><see cref="ValueBytes"/> bytes, 64-byte aligned.</param>
    public abstract PackedValues PackValues(TensorRows values, byte* destination);

    /// <summary>Folds a span of keys and values into the state of query rows.</summary>
    /// <param name="queries">The rows.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">Their values.</param>
    /// <param name="mask">Which row may see which key; null = every row sees every key.</param>
    /// <param name="state">State of the same rows; it is changed.</param>
    /// <param name="workspace"><see cref="WorkspaceBytes"/> bytes, 64-byte aligned, this call's alone.</param>
    public abstract void Fold(
        in PackedQueries queries, in PackedKeys keys, in PackedValues values, MaskWords? mask, in AttentionState state,
        byte* workspace);

    /// <summary>
    /// Query rows up to which <see cref="FoldDirect"/> is faster than to pack keys and values that are used once.
    /// </summary>
    public abstract int DirectRows { get; }

    /// <summary>
    /// <see cref="Fold"/> on keys and values where they lie: the same bits. With few query rows (decoding: one row against a
    /// long sequence) packing a whole span would cost more than the fold itself; here each piece is packed into memory near
    /// at hand, used, and forgotten.
    /// </summary>
    /// <param name="queries">The rows.</param>
    /// <param name="keys">At most one span of keys.</param>
    /// <param name="values">Their values.</param>
    /// <param name="mask">Which row may see which key; null = every row sees every key.</param>
    /// <param name="state">State of the same rows; it is changed.</param>
    /// <param name="workspace"><see cref="WorkspaceBytes"/> bytes, 64-byte aligned, this call's alone.</param>
    public abstract void FoldDirect(
        in PackedQueries queries, TensorRows keys, TensorRows values, MaskWords? mask, in AttentionState state,
        byte* workspace);

    /// <summary>
    /// Query rows, over several heads that share keys and values, up to which <see cref="StackedHeads"/> is faster than to fold
    /// head by head; 0 = never.
    /// </summary>
    public virtual int StackedRows => 0;

    /// <summary>Puts packed rows of several heads one behind the other, as if they were rows of one head.</summary>
    /// <param name="heads">The rows of each head, of the same number of elements.</param>
    /// <param name="destination"><see cref="QueryBytes"/> bytes for all rows, 64-byte aligned.</param>
    /// <exception cref="NotSupportedException">The kernel never folds heads together: <see cref="StackedRows"/> is 0.</exception>
    public virtual PackedQueries StackQueries(ReadOnlySpan<PackedQueries> heads, byte* destination) =>
        throw new NotSupportedException($"The kernel '{Name}' does not fold heads together.");

    /// <summary>
    /// Writes the final attention weights <c>2^(s − lse)</c> of query rows on a span of keys; 0 where the mask hides a key.
    /// </summary>
    /// <param name="queries">The rows.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="mask">Which row may see which key; null = every row sees every key.</param>
    /// <param name="logSumExp">Per row, m + log2 l of its final state (base 2); −∞ where it saw nothing.</param>
    /// <param name="weights"><c>[rows, keys]</c>.</param>
    /// <param name="rowStride">F32 numbers from one row of <paramref name="weights"/> to the next.</param>
    /// <param name="workspace"><see cref="WorkspaceBytes"/> bytes, 64-byte aligned, this call's alone.</param>
    public abstract void Weights(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* logSumExp, float* weights, nint rowStride,
        byte* workspace);
    /// <summary>Writes the scores of query rows on a span of keys, in base 2; −∞ where the mask hides a key.</summary>
    /// <param name="queries">The rows, and what is done to their scores before the mask.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="mask">Which row may see which key; null = every row sees every key.</param>
    /// <param name="scores"><c>[rows, keys]</c>.</param>
    /// <param name="rowStride">F32 numbers from one row of <paramref name="scores"/> to the next.</param>
    /// <param name="workspace"><see cref="WorkspaceBytes"/> bytes, 64-byte aligned, this call's alone.</param>
    public abstract void Scores(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* scores, nint rowStride, byte* workspace);

    /// <summary>
    /// <see cref="Fold"/> from its second half on, for scores that were made elsewhere: the same bits if the scores have the
    /// same.
    /// </summary>
    /// <param name="scores">
    /// <c>[rows, keys]</c> in base 2. Rows are read in whole vectors of 16, so there must be memory behind the last score.
    /// </param>
    /// <param name="rowStride">F32 numbers from one row of <paramref name="scores"/> to the next.</param>
    /// <param name="values">The values of the keys.</param>
    /// <param name="mask">Which row may see which key; null = every row sees every key.</param>
    /// <param name="state">State of the rows; it is changed.</param>
    /// <param name="workspace"><see cref="WorkspaceBytes"/> bytes, 64-byte aligned, this call's alone.</param>
    public abstract void FoldScores(
        float* scores, nint rowStride, in PackedValues values, MaskWords? mask, in AttentionState state, byte* workspace);
}
