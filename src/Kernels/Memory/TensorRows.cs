using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Memory;

/// <summary>
/// Rows of a tensor where they lie: <see cref="Count"/> rows of <see cref="Dim"/> consecutive elements each, a fixed
/// number of bytes apart. One head of a <c>[batch, heads, rows, dim]</c> or <c>[batch, rows, heads, dim]</c> tensor is
/// such a thing without being copied.
/// </summary>
/// <param name="Start">Address of the first row's first element. The memory is the caller's.</param>
/// <param name="Type">Element type in memory.</param>
/// <param name="StrideInBytes">Bytes from one row's start to the next.</param>
/// <param name="Count">Rows.</param>
/// <param name="Dim">Elements in a row.</param>
public readonly unsafe record struct TensorRows(nint Start, ElementType Type, nint StrideInBytes, int Count, int Dim)
{
    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> of these.</summary>
    public TensorRows Slice(int first, int count) =>
        this with { Start = Start + first * StrideInBytes, Count = count };

    /// <summary>Address of row <paramref name="row"/>.</summary>
    public void* Row(int row) => (void*)(Start + row * StrideInBytes);

    /// <summary>Rows of F32 numbers lying one behind the other at <paramref name="start"/>.</summary>
    public static TensorRows Dense(float* start, int count, int dim) =>
        new((nint)start, ElementType.F32, (nint)dim * sizeof(float), count, dim);
}
