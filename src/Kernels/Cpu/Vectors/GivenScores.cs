using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Scores that come from outside of a fold, or are wanted there.</summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
internal static unsafe class GivenScores<T>
    where T : struct, ILanes<T>
{
    private const int Lanes = Arithmetic.Lanes;

    /// <summary>Fills <see cref="Workspace.Scores"/> and <see cref="Workspace.Maxima"/>, as <see cref="ScorePass{T, TPanel}"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyIn(float* scores, nint rowStride, int keys, MaskWords? mask, RowBlock block, Workspace work)
    {
        new Span<float>(work.Maxima, block.Groups * Blocking.GroupRows * Lanes).Fill(float.NegativeInfinity);
        for (int row = 0; row < block.Rows; row++, scores += rowStride)
        {
            KeyRange seen = block.Seen(row / Blocking.GroupRows);
            float* maxima = work.Maxima + row * Lanes, to = work.Scores + (nint)row * Blocking.ScoreStride;
            for (int key = seen.First; key < seen.End; key += Lanes)
            {
                uint bits = mask is { } words ? (uint)(words.Row(block.First + row)[key / 64] >> (key % 64))
                    : keys - key >= Lanes ? 0xFFFFu : (1u << (keys - key)) - 1;
                T score = T.Select(bits, T.CanonicalNaN(T.Load(scores + key)), T.Create(float.NegativeInfinity));
                T.Store(score, to + key);
                T.RaiseMaxima(score, maxima);
            }
        }
    }

    /// <summary>Writes the scores of a block of rows; −∞ where no row of a group sees a key.</summary>
    public static void CopyOut(RowBlock block, Workspace work, int keys, float* scores, nint rowStride)
    {
        for (int row = 0; row < block.Rows; row++, scores += rowStride)
        {
            KeyRange seen = block.Seen(row / Blocking.GroupRows);
            var of = new Span<float>(scores, keys);
            of.Fill(float.NegativeInfinity);
            if (!seen.IsEmpty)
                new ReadOnlySpan<float>(work.Scores + (nint)row * Blocking.ScoreStride + seen.First, seen.End - seen.First).CopyTo(of[seen.First..]);
        }
    }
}
