using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Rows that are read once, one after the other, and what is read when they end. Asked for ahead of time, neither a row nor
/// the change from keys to values and back waits for memory.
/// </summary>
/// <param name="rows">The rows.</param>
/// <param name="then">The first row read after them. It is only ever asked for: any address will do.</param>
internal readonly unsafe struct RowStream(TensorRows rows, byte* then)
{
    /// <summary>The rows, with those behind them in memory read next.</summary>
    public RowStream(in TensorRows rows)
        : this(rows, (byte*)rows.Row(rows.Count))
    {
    }

    /// <summary>The rows.</summary>
    public TensorRows Rows => rows;

    /// <summary>Rows from the one being read to the one asked for: <see cref="Ahead.Rows"/>.</summary>
    public int Apart { get; } = Ahead.Rows(rows.Dim * rows.Type.SizeInBytes());

    /// <summary>
    /// The row to ask for while <paramref name="row"/> is read. Those after it lie as far apart as the rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* AheadOf(int row) => row + Apart < rows.Count
        ? (byte*)rows.Row(row + Apart)
        : then + (row + Apart - rows.Count) * rows.StrideInBytes;
}
