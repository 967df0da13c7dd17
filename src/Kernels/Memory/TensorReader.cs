using Distributed.Kernels.Cpu.Vectors;

namespace Distributed.Kernels.Memory;

/// <summary>Rows of any element type as F32 numbers.</summary>
public static unsafe class TensorReader
{
    /// <summary>Reads one row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="row">Which.</param>
    /// <param name="destination">At least as many numbers as a row has elements.</param>
    public static void Read(TensorRows rows, int row, Span<float> destination)
    {
        fixed (float* to = destination[..rows.Dim])
            RowReader.Read(rows, row, to);
    }
}
