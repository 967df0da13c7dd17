using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;
using Distributed.Kernels.States;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>
/// The stream and memory of one fold at a time. A job has several, so that one uploads while another computes.
/// </summary>
internal sealed unsafe class ExactSession : IDisposable
{
    private const double Log2E = 1.44269504088896340736;

    private readonly IlgpuDevice _device;
    private readonly ExactSizes _sizes;
    private readonly AcceleratorStream _stream;
    private readonly DeviceBuffer _raw, _states, _work, _pass, _spans;
    private readonly Dictionary<nint, int> _relative = [];
    private long _outputAt, _maxAt, _sumAt, _positionsAt, _relativeAt, _queriesAt, _scoresAt, _rawQueriesAt;
    private int _tiles, _relativeNumbers, _groups;
    private DeviceFold? _fold;
    private ScoreStage _stage;

    public ExactSession(IlgpuDevice device, in ExactSizes sizes)
    {
        _device = device;
        _sizes = sizes;
        Accelerator accelerator = device.Accelerator;
        _stream = accelerator.CreateStream();
        _raw = new DeviceBuffer(accelerator, pinned: true);
        _states = new DeviceBuffer(accelerator, pinned: true);
        _work = new DeviceBuffer(accelerator, pinned: false);
        _pass = new DeviceBuffer(accelerator, pinned: true);
        _spans = new DeviceBuffer(accelerator, pinned: true);
    }

    /// <summary>Brings rows and states to the device.</summary>
    public void Begin(DeviceFold fold)
    {
        _fold = fold;
        _stage = fold.Units.Count > 0 && fold.Units[0].Stage is { } stage ? stage : default;
        _tiles = fold.Units.Sum(TilesOf);
        LayOut(fold);
        lock (_device.Launching)
        {
            _raw.Take();
            _states.Take();
            _work.Take();
        }
        Stage(fold);
        lock (_device.Launching)
        {
            _raw.Upload(_stream, 0, _raw.Length);
            _states.Upload(_stream, 0, _states.Length);
            DeviceShape shape = _sizes.Shape;
            long numbers = (long)_tiles * _sizes.Rows * _sizes.Depth;
            _device.Exact.Pack(shape.QueryType).Turn(
                _stream, checked((int)numbers), _raw.View<byte>(_rawQueriesAt, RawQueryBytes), _work.View<float>(_queriesAt, numbers),
                _sizes.Rows, shape.KeyDim, _sizes.Depth, shape.Scale * Log2E);
        }
    }

    /// <summary>Fills slots with spans.</summary>
    /// <param name="spans">The spans and their places on the device.</param>
    /// <param name="keys">All slots' keys.</param>
    /// <param name="values">All slots' values.</param>
    /// <param name="done">Told of each span when it is there, and whether its numbers are finite.</param>
    public void Fill(
        IReadOnlyList<(DeviceSpan Span, int Slot)> spans, ArrayView<float> keys, ArrayView<float> values, Action<int, bool> done)
    {
        DeviceShape shape = _sizes.Shape;
        long keyBytes = (long)_sizes.SlotKeys * shape.KeyDim * shape.KeyType.SizeInBytes();
        long valueBytes = (long)_sizes.SlotKeys * shape.ValueDim * shape.ValueType.SizeInBytes();
        _spans.Clear();
        var places = new (long Keys, long Values)[Math.Min(ExactSizes.SpansAtOnce, spans.Count)];
        for (int i = 0; i < places.Length; i++)
            places[i] = (_spans.Reserve<byte>(keyBytes), _spans.Reserve<byte>(valueBytes));
        lock (_device.Launching)
            _spans.Take();
        for (int first = 0; first < spans.Count; first += places.Length)
        {
            int count = Math.Min(places.Length, spans.Count - first);
            var finite = new bool[count];
            for (int i = 0; i < count; i++)
            {
                TensorRows keyRows = spans[first + i].Span.Keys(), valueRows = spans[first + i].Span.Values();
                finite[i] = FiniteScan.AllFinite(keyRows) && FiniteScan.AllFinite(valueRows);
                RowStaging.Copy(keyRows, _spans.Host<byte>(places[i].Keys, keyBytes));
                RowStaging.Copy(valueRows, _spans.Host<byte>(places[i].Values, valueBytes));
                long slot = spans[first + i].Slot, keyNumbers = (long)_sizes.SlotKeys * _sizes.Depth, valueNumbers = (long)_sizes.SlotKeys * _sizes.Width;
                lock (_device.Launching)
                {
                    _spans.Upload(_stream, places[i].Keys, keyBytes);
                    _spans.Upload(_stream, places[i].Values, valueBytes);
                    _device.Exact.Pack(shape.KeyType).TurnAsIs(
                        _stream, checked((int)keyNumbers), _spans.View<byte>(places[i].Keys, keyBytes), keys.SubView(slot * keyNumbers, keyNumbers),
                        _sizes.SlotKeys, shape.KeyDim, _sizes.Depth);
                    _device.Exact.Pack(shape.ValueType).Widen(
                        _stream, checked((int)valueNumbers), _spans.View<byte>(places[i].Values, valueBytes),
                        values.SubView(slot * valueNumbers, valueNumbers), shape.ValueDim, _sizes.Width);
                }
            }
            Wait();
            for (int i = 0; i < count; i++)
                done(first + i, finite[i]);
        }
    }

    /// <summary>Starts the fold of a pass.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="slotOf">The slot of a span.</param>
    /// <param name="keys">All slots' keys.</param>
    /// <param name="values">All slots' values.</param>
    /// <param name="pairsSeen">(query, key) pairs seen.</param>
    /// <returns>False when a bias is NaN or infinite.</returns>
    public bool TryRun(StepWalk.Pass pass, Func<DeviceSpan, int> slotOf, ArrayView<float> keys, ArrayView<float> values, out long pairsSeen)
    {
        var steps = new TileSteps(_sizes, _fold!, pass, slotOf);
        // The pass before this one reads what would be overwritten.
        Wait();
        _pass.Clear();
        long words = _pass.Reserve<int>(steps.Words), biases = _pass.Reserve<float>(steps.Biases);
        int mostTiles = _tiles, mostSteps = pass.Steps.Select((range, u) => (range.End.Value - range.Start.Value) * TilesOf(_fold!.Units[u])).Sum();
        long tilesAt = _pass.Reserve<RowTile>(mostTiles), stepsAt = _pass.Reserve<FoldStep>(mostSteps), nextAt = _pass.Reserve<int>(1);
        lock (_device.Launching)
            _pass.Take();
        bool finite = steps.TryWrite(_pass.Host<int>(words, steps.Words), _pass.Host<float>(biases, steps.Biases), RelativeOf);
        pairsSeen = steps.PairsSeen;
        if (!finite)
            return false;
        if (steps.Tiles.Count == 0)
            return true;
        steps.Tiles.ToArray().CopyTo(_pass.Host<RowTile>(tilesAt, mostTiles));
        steps.AllSteps.ToArray().CopyTo(_pass.Host<FoldStep>(stepsAt, mostSteps));
        _pass.Host<int>(nextAt, 1)[0] = 0;
        int rows = _tiles * _sizes.Rows;
        var arguments = new FoldArguments
        {
            Tiles = _pass.View<RowTile>(tilesAt, steps.Tiles.Count),
            Steps = _pass.View<FoldStep>(stepsAt, steps.AllSteps.Count),
            Queries = _work.View<float>(_queriesAt, (long)rows * _sizes.Depth),
            Keys = keys,
            Values = values,
            Words = _pass.View<int>(words, Math.Max(1, steps.Words)),
            Positions = _raw.View<int>(_positionsAt, rows),
            Relative = _raw.View<float>(_relativeAt, Math.Max(1, _relativeNumbers)),
            Bias = _pass.View<float>(biases, Math.Max(1, steps.Biases)),
            Scores = _work.View<float>(_scoresAt, (long)_groups * _sizes.Rows * _sizes.SlotKeys),
            Output = _states.View<float>(_outputAt, (long)rows * _sizes.Width),
            Max = _states.View<float>(_maxAt, rows),
            Sum = _states.View<float>(_sumAt, rows),
            Next = _pass.View<int>(nextAt, 1),
            Depth = _sizes.Depth,
            Width = _sizes.Width,
            SlotKeys = _sizes.SlotKeys,
            Reach = _stage.Relative is null ? -1 : _stage.Reach,
            CapIn = _stage.CapIn,
            CapOut = _stage.CapOut,
        };
        lock (_device.Launching)
        {
            _pass.Upload(_stream, 0, _pass.Length);
            _device.Exact.Fold(_sizes.Wide)(_stream, (Math.Min(_groups, steps.Tiles.Count), ExactKernel.Threads), arguments);
        }
        return true;
    }

    /// <summary>Brings the states back and puts them in their place.</summary>
    public void End()
    {
        lock (_device.Launching)
            _states.Download(_stream, 0, _states.Length);
        Wait();
        int width = _sizes.Width, row = 0;
        Span<float> output = _states.Host<float>(_outputAt, (long)_tiles * _sizes.Rows * width);
        foreach (DeviceUnit unit in _fold!.Units)
        {
            AttentionState state = unit.State;
            for (int r = 0; r < state.Rows; r++)
                output.Slice((row + r) * width, state.ValueDim).CopyTo(state.OutputRow(r));
            _states.Host<float>(_maxAt, _tiles * _sizes.Rows).Slice(row, state.Rows).CopyTo(new Span<float>(state.Max, state.Rows));
            _states.Host<float>(_sumAt, _tiles * _sizes.Rows).Slice(row, state.Rows).CopyTo(new Span<float>(state.Sum, state.Rows));
            row += TilesOf(unit) * _sizes.Rows;
        }
    }

    /// <summary>Waits until the device has done all that it was given; what went wrong shows elsewhere.</summary>
    public void Settle() => _device.CallQuietly(Wait);

    /// <inheritdoc/>
    public void Dispose()
    {
        _raw.Dispose();
        _states.Dispose();
        _work.Dispose();
        _pass.Dispose();
        _spans.Dispose();
        _stream.Dispose();
    }

    private long RawQueryBytes => (long)_tiles * _sizes.Rows * _sizes.Shape.KeyDim * _sizes.Shape.QueryType.SizeInBytes();

    private void Wait()
    {
        if (_device.Serial)
        {
            lock (_device.Launching)
                _stream.Synchronize();
        }
        else
        {
            _stream.Synchronize();
        }
    }

    private void LayOut(DeviceFold fold)
    {
        int rows = _tiles * _sizes.Rows;
        _groups = Math.Min(_tiles, _device.Groups);
        _relative.Clear();
        _relativeNumbers = 0;
        foreach (DeviceUnit unit in fold.Units)
        {
            if (unit.Stage is { Relative: not null } stage && _relative.TryAdd((nint)stage.Relative, _relativeNumbers))
                _relativeNumbers += 2 * stage.Reach + 1;
        }
        _raw.Clear();
        _rawQueriesAt = _raw.Reserve<byte>(RawQueryBytes);
        _positionsAt = _raw.Reserve<int>(rows);
        _relativeAt = _raw.Reserve<float>(_relativeNumbers);
        _states.Clear();
        _outputAt = _states.Reserve<float>((long)rows * _sizes.Width);
        _maxAt = _states.Reserve<float>(rows);
        _sumAt = _states.Reserve<float>(rows);
        _work.Clear();
        _queriesAt = _work.Reserve<float>((long)rows * _sizes.Depth);
        _scoresAt = _work.Reserve<float>((long)_groups * _sizes.Rows * _sizes.SlotKeys);
    }

    private void Stage(DeviceFold fold)
    {
        int width = _sizes.Width, row = 0, rowBytes = _sizes.Shape.KeyDim * _sizes.Shape.QueryType.SizeInBytes();
        Span<float> output = _states.Host<float>(_outputAt, (long)_tiles * _sizes.Rows * width);
        Span<float> max = _states.Host<float>(_maxAt, _tiles * _sizes.Rows), sum = _states.Host<float>(_sumAt, _tiles * _sizes.Rows);
        Span<int> positions = _raw.Host<int>(_positionsAt, _tiles * _sizes.Rows);
        output.Clear();
        max.Fill(float.NegativeInfinity);
        sum.Clear();
        positions.Clear();
        foreach (DeviceUnit unit in fold.Units)
        {
            int room = TilesOf(unit) * _sizes.Rows;
            AttentionState state = unit.State;
            RowStaging.Copy(unit.Queries, _raw.Host<byte>(_rawQueriesAt, RawQueryBytes).Slice(row * rowBytes, room * rowBytes));
            for (int r = 0; r < state.Rows; r++)
                state.OutputRow(r).CopyTo(output[((row + r) * width)..]);
            new ReadOnlySpan<float>(state.Max, state.Rows).CopyTo(max[row..]);
            new ReadOnlySpan<float>(state.Sum, state.Rows).CopyTo(sum[row..]);
            unit.Positions.AsSpan().CopyTo(positions[row..]);
            row += room;
        }
        foreach ((nint table, int at) in _relative)
            new ReadOnlySpan<float>((float*)table, 2 * _stage.Reach + 1).CopyTo(_raw.Host<float>(_relativeAt, _relativeNumbers)[at..]);
    }

    private int RelativeOf(DeviceUnit unit) => unit.Stage is { Relative: not null } stage ? _relative[(nint)stage.Relative] : 0;

    private int TilesOf(DeviceUnit unit) => (unit.State.Rows + _sizes.Rows - 1) / _sizes.Rows;
}
