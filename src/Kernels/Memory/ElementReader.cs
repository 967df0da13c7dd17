using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Memory;

/// <summary>Single elements of rows of any element type.</summary>
internal static unsafe class ElementReader
{
    /// <summary>One element as F32; every NaN comes as <see cref="float.NaN"/>.</summary>
    public static float Read(TensorRows rows, int row, int d)
    {
        float x = rows.Type switch
        {
            ElementType.F32 => ((float*)rows.Row(row))[d],
            ElementType.F16 => (float)((Half*)rows.Row(row))[d],
            _ => BitConverter.Int32BitsToSingle(((ushort*)rows.Row(row))[d] << 16),
        };
        return float.IsNaN(x) ? float.NaN : x;
    }
}
