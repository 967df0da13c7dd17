using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Rows of any element type as F32.</summary>
internal static unsafe class RowReader
{
    /// <summary>Writes row <paramref name="row"/> as F32 to <paramref name="destination"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(TensorRows rows, int row, float* destination)
    {
        var to = new Span<float>(destination, rows.Dim);
        switch (rows.Type)
        {
            case ElementType.F32:
                new ReadOnlySpan<float>(rows.Row(row), rows.Dim).CopyTo(to);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(rows.Row(row), rows.Dim), to);
                break;
            default:
                ReadOnlySpan<ushort> from = new(rows.Row(row), rows.Dim);
                Span<uint> bits = MemoryMarshal.Cast<float, uint>(to);
                for (int i = 0; i < from.Length; i++)
                    bits[i] = (uint)from[i] << 16;
                break;
        }
    }
}
