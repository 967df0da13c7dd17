using System.Runtime.CompilerServices;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>What is done once per row and span: the new maximum in between, the new sums at the end.</summary>
/// <remarks>
/// Sixteen rows at a time: transposed, the 16 lanes of each row lie in 16 vectors, so that a tree over a row's lanes is
/// whole-vector operations in the same order.
/// </remarks>
/// <typeparam name="T">Sixteen lanes.</typeparam>
internal static unsafe class StatePass<T>
    where T : struct, ILanes<T>
{
    private const int Lanes = Arithmetic.Lanes;

    /// <summary>Raises the maxima of the state, and fills <see cref="Workspace.Shifts"/> and <see cref="Workspace.Keep"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RaiseMaxima(RowBlock block, Workspace work, in AttentionState state)
    {
        float* lanes = stackalloc float[Lanes * Lanes];
        float* old = stackalloc float[Lanes];
        for (int row = 0; row < block.Rows; row += Lanes)
        {
            int rows = Math.Min(Lanes, block.Rows - row);
            float* states = state.Max + block.First + row;
            for (int i = 0; i < Lanes; i++)
                old[i] = i < rows ? states[i] : float.NegativeInfinity;
            T.Transpose(work.Maxima + row * Lanes, Lanes, lanes, Lanes);
            // No lane is NaN, and which of two zeros is taken does not show behind the addition: any order will do.
            T max = T.Max(T.Max(Four(lanes, 0), Four(lanes, 4)), T.Max(Four(lanes, 8), Four(lanes, 12)));
            T.Store(T.Add(T.Max(max, T.Load(old)), T.Zero), lanes);
            for (int i = 0; i < rows; i++)
            {
                states[i] = lanes[i];
                work.Shifts[row + i] = Arithmetic.Shift(lanes[i]);
            }
            T.Store(Exp2.Of(T.Subtract(T.Load(old), T.Load(work.Shifts + row))), work.Keep + row);
        }
    }

    /// <summary>Adds the span's sums of weights to the state's, which are scaled to the new maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddWeights(RowBlock block, Workspace work, in AttentionState state)
    {
        float* lanes = stackalloc float[Lanes * Lanes];
        for (int row = 0; row < block.Rows; row += Lanes)
        {
            T.Transpose(work.WeightSums + row * Lanes, Lanes, lanes, Lanes);
            T sums = T.Add(
                T.Add(T.Add(Eights(lanes, 0), Eights(lanes, 4)), T.Add(Eights(lanes, 2), Eights(lanes, 6))),
                T.Add(T.Add(Eights(lanes, 1), Eights(lanes, 5)), T.Add(Eights(lanes, 3), Eights(lanes, 7))));
            float* states = state.Sum + block.First + row;
            if (block.Rows - row >= Lanes)
            {
                T.Store(T.FusedMultiplyAdd(T.Load(states), T.Load(work.Keep + row), sums), states);
                continue;
            }
            T.Store(sums, lanes);
            for (int i = 0; i < block.Rows - row; i++)
                states[i] = MathF.FusedMultiplyAdd(states[i], work.Keep[row + i], lanes[i]);
        }
    }

    // Lane i of every row plus its lane i + 8: the first level of the tree.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Eights(float* lanes, int lane) =>
        T.Add(T.Load(lanes + lane * Lanes), T.Load(lanes + (lane + Lanes / 2) * Lanes));

    // The greatest of some lanes of every row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Four(float* lanes, int lane) => T.Max(
        T.Max(T.Load(lanes + lane * Lanes), T.Load(lanes + (lane + 1) * Lanes)),
        T.Max(T.Load(lanes + (lane + 2) * Lanes), T.Load(lanes + (lane + 3) * Lanes)));
}
