using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;
using ILGPU;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>Folds in F32, with the bits of the CPU kernels: rows and keys are turned round, and values widened, on the device.</summary>
/// <param name="device">The device.</param>
/// <param name="sizes">The job's sizes.</param>
/// <param name="depth">Elements of a key, with the zeros behind.</param>
internal sealed unsafe class ExactSession(IlgpuDevice device, FoldSizes sizes, int depth) : FoldSession(device, sizes)
{
    private const double Log2E = 1.44269504088896340736;

    private readonly DeviceBuffer _split = new(device.Accelerator, pinned: false);
    private readonly Dictionary<nint, int> _relative = [];
    private long _rawQueriesAt, _positionsAt, _relativeAt, _queriesAt, _scoresAt;
    private int _relativeNumbers, _groups;
    private ScoreStage _stage;

    /// <summary>Opens a job of this kernel.</summary>
    public static FoldJob Open(IlgpuDevice device, DeviceShape shape)
    {
        bool wide = shape.ValueDim > 64;
        int rows = wide ? ExactKernel.Rows<WideShape>() : ExactKernel.Rows<TallShape>();
        int depth = FoldSizes.Up(shape.KeyDim, ExactKernel.DepthUnit), slotKeys = FoldSizes.Up(shape.SpanRows, Cpu.Arithmetic.ChunkKeys);
        int width = FoldSizes.Up(shape.ValueDim, wide ? ExactKernel.Columns<WideShape>() : ExactKernel.Columns<TallShape>());
        int rawQuery = shape.KeyDim * shape.QueryType.SizeInBytes();
        var sizes = new FoldSizes(
            shape, rows, width, slotKeys, (long)slotKeys * depth * sizeof(float), (long)slotKeys * width * sizeof(float),
            (long)slotKeys * shape.KeyDim * shape.KeyType.SizeInBytes(), (long)slotKeys * shape.ValueDim * shape.ValueType.SizeInBytes(),
            rawQuery + (depth + 1) * sizeof(float), (long)rows * slotKeys * sizeof(float));
        return new FoldJob(device, sizes, "f32", device.Ieee, () => new ExactSession(device, sizes, depth));
    }

    /// <inheritdoc/>
    protected override void LayOut(DeviceFold fold)
    {
        _stage = fold.Units.Count > 0 && fold.Units[0].Stage is { } stage ? stage : default;
        _groups = Math.Min(Tiles, Device.Groups);
        _relative.Clear();
        _relativeNumbers = 0;
        foreach (DeviceUnit unit in fold.Units)
        {
            if (unit.Stage is { Relative: not null } with && _relative.TryAdd((nint)with.Relative, _relativeNumbers))
                _relativeNumbers += 2 * with.Reach + 1;
        }
        _rawQueriesAt = Raw.Reserve<byte>(RawQueryBytes);
        _positionsAt = Raw.Reserve<int>(Rows);
        _relativeAt = Raw.Reserve<float>(_relativeNumbers);
        _queriesAt = Work.Reserve<float>((long)Rows * depth);
        _scoresAt = Work.Reserve<float>((long)_groups * Sizes.Rows * Sizes.SlotKeys);
    }

    /// <inheritdoc/>
    protected override void StageRows(DeviceFold fold)
    {
        int row = 0, rowBytes = Sizes.Shape.KeyDim * Sizes.Shape.QueryType.SizeInBytes();
        Span<int> positions = Raw.Host<int>(_positionsAt, Rows);
        positions.Clear();
        foreach (DeviceUnit unit in fold.Units)
        {
            int room = Sizes.TilesOf(unit) * Sizes.Rows;
            RowStaging.Copy(unit.Queries, Raw.Host<byte>(_rawQueriesAt, RawQueryBytes).Slice(row * rowBytes, room * rowBytes));
            unit.Positions.AsSpan().CopyTo(positions[row..]);
            row += room;
        }
        foreach ((nint table, int at) in _relative)
            new ReadOnlySpan<float>((float*)table, 2 * _stage.Reach + 1).CopyTo(Raw.Host<float>(_relativeAt, _relativeNumbers)[at..]);
    }

    /// <inheritdoc/>
    protected override void PackRows()
    {
        DeviceShape shape = Sizes.Shape;
        long numbers = (long)Rows * depth;
        Device.Exact.Pack(shape.QueryType).Turn(
            Stream, checked((int)numbers), Raw.View<byte>(_rawQueriesAt, RawQueryBytes), Work.View<float>(_queriesAt, numbers), Sizes.Rows, shape.KeyDim,
            depth, shape.Scale * Log2E);
    }

    /// <inheritdoc/>
    protected override void StageSpan(TensorRows rows, Span<byte> room) => RowStaging.Copy(rows, room);

    /// <inheritdoc/>
    protected override void PackSpan(ArrayView<byte> rawKeys, ArrayView<byte> keys, ArrayView<byte> rawValues, ArrayView<byte> values)
    {
        DeviceShape shape = Sizes.Shape;
        Device.Exact.Pack(shape.KeyType).TurnAsIs(
            Stream, Sizes.SlotKeys * depth, rawKeys, keys.Cast<float>(), Sizes.SlotKeys, shape.KeyDim, depth);
        Device.Exact.Pack(shape.ValueType).Widen(
            Stream, Sizes.SlotKeys * Sizes.Width, rawValues, values.Cast<float>(), shape.ValueDim, Sizes.Width);
    }

    /// <inheritdoc/>
    protected override void Launch(in FoldLaunch launch)
    {
        var arguments = new FoldArguments
        {
            Tiles = launch.Tiles,
            Steps = launch.Steps,
            Queries = Work.View<float>(_queriesAt, (long)Rows * depth),
            Keys = launch.Keys.Cast<float>(),
            Values = launch.Values.Cast<float>(),
            Words = launch.Words,
            Positions = Raw.View<int>(_positionsAt, Rows),
            Relative = Raw.View<float>(_relativeAt, Math.Max(1, _relativeNumbers)),
            Bias = launch.Biases,
            Scores = Work.View<float>(_scoresAt, (long)_groups * Sizes.Rows * Sizes.SlotKeys),
            Output = launch.Output,
            Max = launch.Max,
            Sum = launch.Sum,
            Next = launch.Next,
            Depth = depth,
            Width = Sizes.Width,
            SlotKeys = Sizes.SlotKeys,
            Reach = _stage.Relative is null ? -1 : _stage.Reach,
            CapIn = _stage.CapIn,
            CapOut = _stage.CapOut,
        };
        if (launch.Tiles.IntLength * 2 <= Device.Groups && launch.Steps.IntLength > launch.Tiles.IntLength && SplitBytes(launch) <= Device.MemoryBytes / 8)
            LaunchSplit(launch, arguments);
        else
            Device.Exact.Fold(wide: Sizes.Shape.ValueDim > 64)(Stream, (Math.Min(_groups, launch.Tiles.IntLength), ExactKernel.Threads), arguments);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _split.Dispose();
        base.Dispose();
    }

    // With so few row tiles most of the device would have nothing to do: key spans are worked on at the same time instead.
    private void LaunchSplit(in FoldLaunch launch, FoldArguments arguments)
    {
        int steps = launch.Steps.IntLength, rows = Sizes.Rows, numbers = steps * rows;
        _split.Clear();
        long scores = _split.Reserve<float>((long)numbers * Sizes.SlotKeys), output = _split.Reserve<float>((long)numbers * Sizes.Width);
        long max = _split.Reserve<float>(numbers), shift = _split.Reserve<float>(numbers), keep = _split.Reserve<float>(numbers), sum = _split.Reserve<float>(numbers);
        _split.Take();
        arguments.Scores = _split.View<float>(scores, (long)numbers * Sizes.SlotKeys);
        var split = new SplitArguments
        {
            TileOf = launch.TileOf,
            Max = _split.View<float>(max, numbers),
            Shift = _split.View<float>(shift, numbers),
            Keep = _split.View<float>(keep, numbers),
            Sum = _split.View<float>(sum, numbers),
            Output = _split.View<float>(output, (long)numbers * Sizes.Width),
        };
        ExactLaunchers.Splitters kernels = Device.Exact.Split(wide: Sizes.Shape.ValueDim > 64);
        int tiles = launch.Tiles.IntLength;
        kernels.Scores(Stream, (steps, ExactKernel.Threads), arguments, split);
        kernels.Shifts(Stream, tiles * rows, arguments, split, rows);
        kernels.Weights(Stream, (steps, ExactKernel.Threads), arguments, split);
        kernels.Sums(Stream, tiles * rows * Sizes.Width, arguments, split, rows);
    }

    private long SplitBytes(in FoldLaunch launch) => (long)launch.Steps.IntLength * Sizes.Rows * (Sizes.SlotKeys + Sizes.Width + 4L) * sizeof(float);

    /// <inheritdoc/>
    protected override int RelativeOf(DeviceUnit unit) => unit.Stage is { Relative: not null } stage ? _relative[(nint)stage.Relative] : 0;

    private long RawQueryBytes => (long)Rows * Sizes.Shape.KeyDim * Sizes.Shape.QueryType.SizeInBytes();
}
