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
            T max = T.Load(old);
            for (int lane = 0; lane < Lanes; lane++)
                max = T.Max(T.Load(lanes + lane * Lanes), max);
            T.Store(T.Add(max, T.Zero), lanes);
            for (int i = 0; i < rows; i++)
            {
                states[i] = lanes[i];
                work.Shifts[row + i] = Arithmetic.Shift(lanes[i]);
            }
            T.Store(Exp2.Of(T.Subtract(T.Load(old), T.Load(work.Shifts + row))), work.Keep + row);
        }
    }

    /// <summary>Adds the span's sums of weights and of weighted values to the state, which is scaled to the new maximum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddSums(RowBlock block, ColumnStrips strips, Workspace work, in AttentionState state)
    {
        float* lanes = stackalloc float[Lanes * Lanes];
        for (int row = 0; row < block.Rows; row += Lanes)
        {
            T.Transpose(work.WeightSums + row * Lanes, Lanes, lanes, Lanes);
            for (int half = Lanes / 2; half > 0; half /= 2)
            {
                for (int lane = 0; lane < half; lane++)
                    T.Store(T.Add(T.Load(lanes + lane * Lanes), T.Load(lanes + (lane + half) * Lanes)), lanes + lane * Lanes);
            }
            for (int i = 0; i < Math.Min(Lanes, block.Rows - row); i++)
            {
                float* sum = state.Sum + block.First + row + i;
                *sum = MathF.FusedMultiplyAdd(*sum, work.Keep[row + i], lanes[i]);
            }
        }
        for (int index = 0; index < strips.Count; index++)
        {
            ColumnStrip strip = strips[index];
            int whole = Math.Min(strip.Width, strips.ValueDim - strip.First) & ~(Lanes - 1);
            for (int row = 0; row < block.Rows; row++)
            {
                float keep = work.Keep[row];
                float* sums = work.SumsOf(row / Blocking.GroupRows, strip) + row % Blocking.GroupRows * strip.Width;
                float* output = state.Output + (nint)(block.First + row) * strips.ValueDim + strip.First;
                for (int c = 0; c < whole; c += Lanes)
                    T.Store(T.MultiplyAdd(keep, T.Load(output + c), T.Load(sums + c)), output + c);
                for (int c = whole; c < strip.Width && strip.First + c < strips.ValueDim; c++)
                    output[c] = MathF.FusedMultiplyAdd(output[c], keep, sums[c]);
            }
        }
    }
}
