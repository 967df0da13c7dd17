using Distributed.Kernels.Devices;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>The sizes of a job as the F32 kernel has them.</summary>
/// <param name="shape">The job.</param>
internal readonly struct ExactSizes(DeviceShape shape)
{
    /// <summary>The job.</summary>
    public DeviceShape Shape => shape;

    /// <summary>Whether values are taken 128 elements at a time, or 64.</summary>
    public bool Wide => shape.ValueDim > 64;

    /// <summary>Rows of a row tile.</summary>
    public int Rows => Wide ? ExactKernel.Rows<WideShape>() : ExactKernel.Rows<TallShape>();

    /// <summary>Elements of a key, with the zeros behind.</summary>
    public int Depth => Up(shape.KeyDim, ExactKernel.DepthUnit);

    /// <summary>Elements of a value, with the zeros behind.</summary>
    public int Width => Up(shape.ValueDim, Wide ? ExactKernel.Columns<WideShape>() : ExactKernel.Columns<TallShape>());

    /// <summary>Keys of a slot.</summary>
    public int SlotKeys => Up(shape.SpanRows, Cpu.Arithmetic.ChunkKeys);

    /// <summary>Bytes of a slot on the device.</summary>
    public long SlotBytes => (long)SlotKeys * (Depth + Width) * sizeof(float);

    /// <summary>Bytes of a span as it is stored.</summary>
    public long RawSpanBytes => (long)SlotKeys * (shape.KeyDim * shape.KeyType.SizeInBytes() + shape.ValueDim * shape.ValueType.SizeInBytes());

    /// <summary>Bytes that a fold of some rows takes on the device, beside slots.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="groups">Groups of threads that run at a time.</param>
    public long FoldBytes(long rows, int groups) =>
        rows * (shape.KeyDim * shape.QueryType.SizeInBytes() + (Depth + Width + 2L) * sizeof(float) + SlotKeys / 8)
        + (long)groups * Rows * SlotKeys * sizeof(float) + RawSpanBytes * SpansAtOnce;

    /// <summary>Spans that are copied before the copies are waited for.</summary>
    public const int SpansAtOnce = 4;

    private static int Up(int number, int unit) => (number + unit - 1) / unit * unit;
}
