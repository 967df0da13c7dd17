using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Hard;

/// <summary>Hard attention: of all keys a row sees, only the k best have a weight, renormalised among themselves.</summary>
/// <remarks>
/// With k = 1 it is the argmax (hard attention as it is used at inference: Xu et al., "Show, Attend and Tell", 2015); with
/// more it is top-k attention (Gupta et al., "Memory-efficient Transformers via Top-k Attention", 2021).
/// </remarks>
public static unsafe class TopKFold
{
    /// <summary>Most keys that can be kept of a row.</summary>
    public const int MaxK = 1024;

    /// <summary>Takes a span of keys into the state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="scores"><c>[rows, keys]</c> in base 2; −∞ where a key is hidden.</param>
    /// <param name="rowStride">Numbers from one row of scores to the next.</param>
    /// <param name="firstKey">Number of the span's first key in the sequence.</param>
    /// <param name="keys">Keys of the span.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Take(in TopKState state, float* scores, nint rowStride, long firstKey, int keys)
    {
        for (int row = 0; row < state.Rows; row++, scores += rowStride)
        {
            Span<float> best = state.Scores(row);
            Span<long> of = state.Keys(row);
            int key = 0;
            for (; key + Vector512<float>.Count <= keys; key += Vector512<float>.Count)
            {
                // "Not below" lets NaN pass, on both sides.
                Vector512<float> below = Vector512.LessThan(Vector512.Load(scores + key), Vector512.Create(best[^1]));
                for (ulong left = ~below.ExtractMostSignificantBits() & 0xFFFF; left != 0; left &= left - 1)
                {
                    int at = key + System.Numerics.BitOperations.TrailingZeroCount(left);
                    Insert(best, of, scores[at], firstKey + at);
                }
            }
            for (; key < keys; key++)
                Insert(best, of, scores[key], firstKey + key);
        }
    }

    /// <summary>The state of one row's softmax over its best keys; the best one is the maximum.</summary>
    /// <param name="state">The state.</param>
    /// <param name="row">The row.</param>
    /// <param name="value">Reads the value of a key as F32 numbers.</param>
    /// <param name="room">Room for a value.</param>
    /// <param name="into">A state of one row.</param>
    public static void Softmax(in TopKState state, int row, ReadValue value, Span<float> room, in AttentionState into)
    {
        into.Reset();
        int count = state.Count(row);
        if (count == 0)
            return;
        ReadOnlySpan<float> scores = state.Scores(row);
        into.Max[0] = scores[0];
        Span<float> output = into.OutputRow(0);
        for (int i = 0; i < count; i++)
        {
            float weight = Cpu.Exp2.Weight(Canonical(scores[i] - scores[0]));
            into.Sum[0] += weight;
            value(state.Keys(row)[i], room);
            System.Numerics.Tensors.TensorPrimitives.FusedMultiplyAdd(room, weight, output, output);
        }
    }

    /// <summary>Reads the value of a key.</summary>
    public delegate void ReadValue(long key, Span<float> destination);

    private static float Canonical(float x) => float.IsNaN(x) ? float.NaN : x;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Insert(Span<float> best, Span<long> keys, float score, long key)
    {
        if (float.IsNegativeInfinity(score) || !Better(score, key, best[^1], keys[^1]))
            return;
        int low = 0, high = best.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Better(score, key, best[middle], keys[middle]))
                high = middle;
            else
                low = middle + 1;
        }
        best[low..^1].CopyTo(best[(low + 1)..]);
        keys[low..^1].CopyTo(keys[(low + 1)..]);
        (best[low], keys[low]) = (Canonical(score), key);
    }

    private static bool Better(float score, long key, float than, long thanKey)
    {
        if (float.IsNaN(score) != float.IsNaN(than))
            return float.IsNaN(score);
        return score > than || (!(score < than) && key < thanKey);
    }
}
