using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu;

/// <summary>
/// Few query rows of several heads that share a key head, folded together as if they were rows of one head: keys and values
/// are read, and keys transposed, once for all of them. A row's bits do not depend on the rows beside it.
/// </summary>
/// <param name="kernel">The kernel; all rows together are at most its <see cref="CpuKernel.StackedRows"/>.</param>
/// <param name="memory"><see cref="Bytes"/> bytes, 64-byte aligned.</param>
public readonly unsafe ref struct StackedHeads(CpuKernel kernel, byte* memory)
{
    /// <summary>Bytes that a stack takes.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="rows">Query rows of all heads together.</param>
    /// <param name="keyDim">Elements of a query.</param>
    /// <param name="valueDim">Elements of a value.</param>
    public static nuint Bytes(CpuKernel kernel, int rows, int keyDim, int valueDim)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return NativeBuffer.Aligned(kernel.QueryBytes(rows, keyDim)) + AttentionState.FloatsFor(rows, valueDim) * sizeof(float);
    }

    /// <summary>The rows of all heads and their states, copied.</summary>
    /// <param name="queries">Packed rows of each head.</param>
    /// <param name="states">The state of each head's rows.</param>
    public (PackedQueries Queries, AttentionState State) Take(ReadOnlySpan<PackedQueries> queries, ReadOnlySpan<AttentionState> states)
    {
        PackedQueries all = kernel.StackQueries(queries, memory);
        float* numbers = (float*)(memory + NativeBuffer.Aligned(kernel.QueryBytes(all.Rows, all.Dim)));
        AttentionState stacked = AttentionState.At(numbers, all.Rows, states[0].ValueDim);
        int row = 0;
        foreach (AttentionState state in states)
        {
            Copy(state, stacked.Slice(row, state.Rows));
            row += state.Rows;
        }
        return (all, stacked);
    }

    /// <summary>Gives each head its state back.</summary>
    /// <param name="stacked">The state of all rows, after they were folded.</param>
    /// <param name="states">Where each head's goes.</param>
    public static void Return(in AttentionState stacked, ReadOnlySpan<AttentionState> states)
    {
        int row = 0;
        foreach (AttentionState state in states)
        {
            Copy(stacked.Slice(row, state.Rows), state);
            row += state.Rows;
        }
    }

    private static void Copy(in AttentionState from, in AttentionState to)
    {
        new ReadOnlySpan<float>(from.Output, from.Rows * from.ValueDim).CopyTo(new Span<float>(to.Output, to.Rows * to.ValueDim));
        new ReadOnlySpan<float>(from.Max, from.Rows).CopyTo(new Span<float>(to.Max, to.Rows));
        new ReadOnlySpan<float>(from.Sum, from.Rows).CopyTo(new Span<float>(to.Sum, to.Rows));
    }
}
