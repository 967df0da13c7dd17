using System.Runtime.Intrinsics;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Devices;

/// <summary>Whether all numbers of a tensor are finite: NaN and infinity have all bits of the exponent set.</summary>
internal static unsafe class FiniteScan
{
    /// <summary>Looks at the rows.</summary>
    public static bool AllFinite(TensorRows rows)
    {
        for (int row = 0; row < rows.Count; row++)
        {
            bool finite = rows.Type switch
            {
                ElementType.F32 => AllFinite(new ReadOnlySpan<uint>(rows.Row(row), rows.Dim), 0x7F800000u),
                ElementType.F16 => AllFinite<ushort>(new ReadOnlySpan<ushort>(rows.Row(row), rows.Dim), 0x7C00),
                _ => AllFinite<ushort>(new ReadOnlySpan<ushort>(rows.Row(row), rows.Dim), 0x7F80),
            };
            if (!finite)
                return false;
        }
        return true;
    }

    private static bool AllFinite<T>(ReadOnlySpan<T> bits, T exponent)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        Vector256<T> mask = Vector256.Create(exponent);
        int at = 0;
        for (; at + Vector256<T>.Count <= bits.Length; at += Vector256<T>.Count)
        {
            if (Vector256.EqualsAny(Vector256.Create(bits[at..]) & mask, mask))
                return false;
        }
        for (; at < bits.Length; at++)
        {
            if ((bits[at] & exponent) == exponent)
                return false;
        }
        return true;
    }
}
