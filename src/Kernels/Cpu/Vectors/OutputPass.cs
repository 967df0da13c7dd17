using System.Runtime.CompilerServices;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Last pass over a block of rows: a span's weighted values are added to the state's, which are scaled to the new maximum.</summary>
/// <remarks>
/// A row is a few registers: the strip's width is a type and addresses only move on, so that finding a row does not cost more than
/// adding it. It shows where spans are short (32 heads of 128 rows).
/// </remarks>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">A strip of two vectors.</typeparam>
/// <typeparam name="T3">A strip of three vectors.</typeparam>
/// <typeparam name="T4">A strip of four vectors.</typeparam>
internal static unsafe class OutputPass<T, T2, T3, T4>
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
    where T3 : struct, IStrip<T3>
    where T4 : struct, IStrip<T4>
{
    private const int Group = Blocking.GroupRows;

    /// <summary>O' = fma(O, keep, <see cref="Workspace.Sums"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(RowBlock block, ColumnStrips strips, Workspace work, in AttentionState state)
    {
        for (int index = 0; index < strips.Count; index++)
        {
            ColumnStrip strip = strips[index];
            float* output = state.Output + (nint)block.First * strips.ValueDim + strip.First;
            if (strip.First + strip.Width > strips.ValueDim)
                AddPart(block, strips, strip, work, output);
            else if (strip.Vectors == 1)
                Add<T>(block, strips, strip, work, output);
            else if (strip.Vectors == 2)
                Add<T2>(block, strips, strip, work, output);
            else if (strip.Vectors == 3)
                Add<T3>(block, strips, strip, work, output);
            else
                Add<T4>(block, strips, strip, work, output);
        }
    }

    // A strip all of whose columns are there.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<TStrip>(RowBlock block, ColumnStrips strips, ColumnStrip strip, Workspace work, float* output)
        where TStrip : struct, IStrip<TStrip>
    {
        nint apart = strips.ValueDim, skipped = (nint)Group * (work.Columns - TStrip.Width);
        float* keep = work.Keep, sums = work.SumsOf(0, strip);
        for (int left = block.Rows; left > 0; left -= Group, sums += skipped)
        {
            for (int rows = Math.Min(left, Group); rows > 0; rows--)
            {
                TStrip.Store(TStrip.MultiplyAdd(*keep++, TStrip.Load(output), TStrip.Load(sums)), output);
                output += apart;
                sums += TStrip.Width;
            }
        }
    }

    // The last strip, padded: whole vectors, then the columns that are left, one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPart(RowBlock block, ColumnStrips strips, ColumnStrip strip, Workspace work, float* output)
    {
        int there = strips.ValueDim - strip.First, whole = there & ~(Arithmetic.Lanes - 1);
        for (int row = 0; row < block.Rows; row++, output += strips.ValueDim)
        {
            float keep = work.Keep[row];
            float* sums = work.SumsOf(row / Group, strip) + row % Group * strip.Width;
            for (int c = 0; c < whole; c += Arithmetic.Lanes)
                T.Store(T.MultiplyAdd(keep, T.Load(output + c), T.Load(sums + c)), output + c);
            for (int c = whole; c < there; c++)
                output[c] = MathF.FusedMultiplyAdd(output[c], keep, sums[c]);
        }
    }
}
