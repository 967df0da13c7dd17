using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>Folds F16 or BF16 on tensor cores. Rows and spans lie on the device as they are stored, with zeros behind.</summary>
/// <param name="device">The device.</param>
/// <param name="sizes">The job's sizes.</param>
internal sealed class TensorSession(IlgpuDevice device, FoldSizes sizes) : FoldSession(device, sizes)
{
    private const double Log2E = 1.44269504088896340736;
    private const int RowBytes = TensorKernel.Elements * sizeof(ushort);

    private long _queriesAt;

    /// <summary>
    /// Whether the kernel does a job: all tensors of one 16-bit type, heads of up to 128 elements, and nothing done to scores
    /// between q·k and the mask.
    /// </summary>
    public static bool Does(DeviceShape shape) =>
        shape.QueryType != ElementType.F32 && shape.KeyType == shape.QueryType && shape.ValueType == shape.QueryType && !shape.Staged
        && shape.KeyDim <= TensorKernel.Elements && shape.ValueDim <= TensorKernel.Elements;

    /// <summary>Opens a job of this kernel.</summary>
    public static FoldJob Open(IlgpuDevice device, DeviceShape shape)
    {
        int slotKeys = FoldSizes.Up(shape.SpanRows, Cpu.Arithmetic.ChunkKeys);
        long bytes = (long)slotKeys * RowBytes;
        var sizes = new FoldSizes(shape, TensorKernel.Rows, TensorKernel.Elements, slotKeys, bytes, bytes, bytes, bytes, RowBytes, 0);
        return new FoldJob(
            device, sizes, shape.KeyType == ElementType.BF16 ? "bf16 on tensor cores" : "f16 on tensor cores", sameBits: false,
            () => new TensorSession(device, sizes));
    }

    /// <inheritdoc/>
    protected override void LayOut(DeviceFold fold) => _queriesAt = Raw.Reserve<byte>((long)Rows * RowBytes);

    /// <inheritdoc/>
    protected override void StageRows(DeviceFold fold)
    {
        int row = 0;
        foreach (DeviceUnit unit in fold.Units)
        {
            int room = Sizes.TilesOf(unit) * Sizes.Rows;
            StageSpan(unit.Queries, Raw.Host<byte>(_queriesAt + (long)row * RowBytes, (long)room * RowBytes));
            row += room;
        }
    }

    /// <inheritdoc/>
    protected override void PackRows()
    {
    }

    /// <inheritdoc/>
    protected override unsafe void StageSpan(TensorRows rows, Span<byte> room)
    {
        int bytes = rows.Dim * sizeof(ushort);
        if (bytes == RowBytes)
        {
            RowStaging.Copy(rows, room);
            return;
        }
        room.Clear();
        for (int row = 0; row < rows.Count; row++)
            new ReadOnlySpan<byte>(rows.Row(row), bytes).CopyTo(room[(row * RowBytes)..]);
    }

    /// <inheritdoc/>
    protected override void PackSpan(ArrayView<byte> rawKeys, ArrayView<byte> keys, ArrayView<byte> rawValues, ArrayView<byte> values)
    {
        rawKeys.CopyTo(Stream, keys);
        rawValues.CopyTo(Stream, values);
    }

    /// <inheritdoc/>
    protected override void Launch(in FoldLaunch launch)
    {
        var arguments = new TensorArguments
        {
            Tiles = launch.Tiles,
            Steps = launch.Steps,
            Queries = Raw.View<Chunk>(_queriesAt, (long)Rows * TensorKernel.Chunks),
            Keys = launch.Keys.Cast<Chunk>(),
            Values = launch.Values.Cast<Chunk>(),
            Words = launch.Words,
            Output = launch.Output,
            Max = launch.Max,
            Sum = launch.Sum,
            Depth = FoldSizes.Up(Sizes.Shape.KeyDim, 16),
            SlotKeys = Sizes.SlotKeys,
            Scale = (float)(Sizes.Shape.Scale * Log2E),
        };
        Device.Tensor.Fold(Sizes.Shape.KeyType)(Stream, (launch.Tiles.IntLength, TensorKernel.Threads), arguments);
    }
}
