using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Scores;

/// <summary>An additive bias tensor whose rows have all keys of the panel.</summary>
/// <typeparam name="T">Type of its elements.</typeparam>
/// <param name="bias">Its part of the tile.</param>
internal unsafe struct BiasPart<T>(BiasTile bias) : IScorePart
    where T : struct, IElements
{
    private readonly byte* _data = bias.Data;
    private readonly long _rowStride = bias.RowStride;
    private byte* _from;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int row, int key)
    {
        _from = _data + row * _rowStride + (nint)key * T.Size;
        // Rows lie far apart and only a piece of each is read at a time, which no prefetcher of the machine follows. What is asked
        // for here is read with the next panel of keys, or with the first one of the next block of rows.
        byte* ahead = key + 2 * IScorePart.Width <= SpanGrid.MaxSpanRows
            ? _from + IScorePart.Width * T.Size
            : _data + (row + Blocking.BlockRows) * _rowStride;
        for (int at = 0; at < IScorePart.Width * T.Size; at += Ahead.LineBytes)
            Ahead.Fetch(ahead + at);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Of(Vector512<float> scores, int at)
    {
        // As a float log2 e is off by a quarter of what the sum is rounded by.
        Vector512<float> sum = Vector512.FusedMultiplyAdd(T.Load(_from + at * T.Size), Vector512.Create((float)ScoreStage.Log2E), scores);
        // A NaN from a tensor may have any low bits, and Exp2 counts on those of float.NaN.
        return Vector512.ConditionalSelect(Vector512.Equals(sum, sum), sum, Vector512.Create(float.NaN));
    }
}
