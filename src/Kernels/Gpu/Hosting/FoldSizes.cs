using Distributed.Kernels.Devices;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>The sizes of a job as a kernel has them.</summary>
/// <param name="Shape">The job.</param>
/// <param name="Rows">Rows of a row tile.</param>
/// <param name="Width">Numbers of a row of O, those of the value and zeros behind.</param>
/// <param name="SlotKeys">Keys of a slot; a multiple of <see cref="Cpu.Arithmetic.ChunkKeys"/>.</param>
/// <param name="SlotKeyBytes">Bytes of a slot's keys.</param>
/// <param name="SlotValueBytes">Bytes of a slot's values.</param>
/// <param name="RawKeyBytes">Bytes of a span's keys as they come to the device.</param>
/// <param name="RawValueBytes">Bytes of a span's values as they come to the device.</param>
/// <param name="RowBytes">Bytes that a row takes on the device, beside its state and its mask.</param>
/// <param name="GroupBytes">Bytes that a group of threads takes on the device.</param>
internal sealed record FoldSizes(
    DeviceShape Shape, int Rows, int Width, int SlotKeys, long SlotKeyBytes, long SlotValueBytes, long RawKeyBytes, long RawValueBytes,
    long RowBytes, long GroupBytes)
{
    /// <summary>Spans that are copied before the copies are waited for.</summary>
    public const int SpansAtOnce = 4;

    /// <summary>Bytes of a slot on the device.</summary>
    public long SlotBytes => SlotKeyBytes + SlotValueBytes;

    /// <summary>Bytes that a fold of some rows takes on the device, beside slots.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="groups">Groups of threads that run at a time.</param>
    public long FoldBytes(long rows, int groups) =>
        rows * (RowBytes + (Width + 2L) * sizeof(float) + SlotKeys / 8) + groups * GroupBytes + (RawKeyBytes + RawValueBytes) * SpansAtOnce;

    /// <summary>Row tiles of a unit.</summary>
    public int TilesOf(DeviceUnit unit) => (unit.State.Rows + Rows - 1) / Rows;

    /// <summary>A number, rounded up to a multiple.</summary>
    public static int Up(int number, int unit) => (number + unit - 1) / unit * unit;
}
