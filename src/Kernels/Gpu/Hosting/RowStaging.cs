using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>Copies rows from where they are stored to memory from which a device takes them.</summary>
internal static unsafe class RowStaging
{
    /// <summary>Copies rows one behind the other and puts zeros behind the last.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="room">Room for as many rows as are expected, or more.</param>
    public static void Copy(TensorRows rows, Span<byte> room)
    {
        int bytes = rows.Dim * rows.Type.SizeInBytes();
        if (rows.StrideInBytes == bytes)
        {
            new ReadOnlySpan<byte>(rows.Row(0), rows.Count * bytes).CopyTo(room);
        }
        else
        {
            for (int row = 0; row < rows.Count; row++)
                new ReadOnlySpan<byte>(rows.Row(row), bytes).CopyTo(room[(row * bytes)..]);
        }
        room[(rows.Count * bytes)..].Clear();
    }
}
