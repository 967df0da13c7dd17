using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Exact;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>
/// The stream and memory of one fold at a time. A job has several, so that one uploads while another computes. What differs
/// from kernel to kernel is how rows and spans lie on the device, and the launch.
/// </summary>
internal abstract unsafe class FoldSession : IDisposable
{
    private readonly DeviceBuffer _states, _pass, _spans;
    private long _outputAt, _maxAt, _sumAt;
    private DeviceFold? _fold;

    protected FoldSession(IlgpuDevice device, FoldSizes sizes)
    {
        (Device, Sizes) = (device, sizes);
        Accelerator accelerator = device.Accelerator;
        Stream = accelerator.CreateStream();
        Raw = new DeviceBuffer(accelerator, pinned: true);
        _states = new DeviceBuffer(accelerator, pinned: true);
        Work = new DeviceBuffer(accelerator, pinned: false);
        _pass = new DeviceBuffer(accelerator, pinned: true);
        _spans = new DeviceBuffer(accelerator, pinned: true);
    }

    protected IlgpuDevice Device { get; }

    protected FoldSizes Sizes { get; }

    protected AcceleratorStream Stream { get; }

    /// <summary>What rows bring along.</summary>
    protected DeviceBuffer Raw { get; }

    /// <summary>What the device makes for itself.</summary>
    protected DeviceBuffer Work { get; }

    /// <summary>Row tiles of the fold.</summary>
    protected int Tiles { get; private set; }

    /// <summary>Rows of the fold, whole row tiles.</summary>
    protected int Rows => Tiles * Sizes.Rows;

    /// <summary>Brings rows and states to the device.</summary>
    public void Begin(DeviceFold fold)
    {
        _fold = fold;
        Tiles = fold.Units.Sum(Sizes.TilesOf);
        Raw.Clear();
        Work.Clear();
        _states.Clear();
        LayOut(fold);
        _outputAt = _states.Reserve<float>((long)Rows * Sizes.Width);
        _maxAt = _states.Reserve<float>(Rows);
        _sumAt = _states.Reserve<float>(Rows);
        lock (Device.Launching)
        {
            Raw.Take();
            _states.Take();
            Work.Take();
        }
        StageStates(fold);
        StageRows(fold);
        lock (Device.Launching)
        {
            Raw.Upload(Stream, 0, Raw.Length);
            _states.Upload(Stream, 0, _states.Length);
            PackRows();
        }
    }

    /// <summary>Fills slots with spans.</summary>
    /// <param name="spans">The spans and their places on the device.</param>
    /// <param name="keys">All slots' keys.</param>
    /// <param name="values">All slots' values.</param>
    /// <param name="done">Told of each span when it is there, and whether its numbers are finite.</param>
    public void Fill(
        IReadOnlyList<(DeviceSpan Span, int Slot)> spans, ArrayView<byte> keys, ArrayView<byte> values, Action<int, bool> done)
    {
        _spans.Clear();
        var places = new (long Keys, long Values)[Math.Min(FoldSizes.SpansAtOnce, spans.Count)];
        for (int i = 0; i < places.Length; i++)
            places[i] = (_spans.Reserve<byte>(Sizes.RawKeyBytes), _spans.Reserve<byte>(Sizes.RawValueBytes));
        lock (Device.Launching)
            _spans.Take();
        for (int first = 0; first < spans.Count; first += places.Length)
        {
            int count = Math.Min(places.Length, spans.Count - first);
            var finite = new bool[count];
            for (int i = 0; i < count; i++)
            {
                TensorRows keyRows = spans[first + i].Span.Keys(), valueRows = spans[first + i].Span.Values();
                finite[i] = FiniteScan.AllFinite(keyRows) && FiniteScan.AllFinite(valueRows);
                StageSpan(keyRows, _spans.Host<byte>(places[i].Keys, Sizes.RawKeyBytes));
                StageSpan(valueRows, _spans.Host<byte>(places[i].Values, Sizes.RawValueBytes));
                long slot = spans[first + i].Slot;
                lock (Device.Launching)
                {
                    _spans.Upload(Stream, places[i].Keys, Sizes.RawKeyBytes);
                    _spans.Upload(Stream, places[i].Values, Sizes.RawValueBytes);
                    PackSpan(
                        _spans.View<byte>(places[i].Keys, Sizes.RawKeyBytes), keys.SubView(slot * Sizes.SlotKeyBytes, Sizes.SlotKeyBytes),
                        _spans.View<byte>(places[i].Values, Sizes.RawValueBytes), values.SubView(slot * Sizes.SlotValueBytes, Sizes.SlotValueBytes));
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
    public bool TryRun(StepWalk.Pass pass, Func<DeviceSpan, int> slotOf, ArrayView<byte> keys, ArrayView<byte> values, out long pairsSeen)
    {
        var steps = new TileSteps(Sizes, _fold!, pass, slotOf);
        // The pass before this one reads what would be overwritten.
        Wait();
        _pass.Clear();
        long words = _pass.Reserve<int>(steps.Words), biases = _pass.Reserve<float>(steps.Biases);
        int mostSteps = pass.Steps.Select((range, u) => (range.End.Value - range.Start.Value) * Sizes.TilesOf(_fold!.Units[u])).Sum();
        long tilesAt = _pass.Reserve<RowTile>(Tiles), stepsAt = _pass.Reserve<FoldStep>(mostSteps), nextAt = _pass.Reserve<int>(1), tileOfAt = _pass.Reserve<int>(mostSteps);
        lock (Device.Launching)
            _pass.Take();
        bool finite = steps.TryWrite(_pass.Host<int>(words, steps.Words), _pass.Host<float>(biases, steps.Biases), RelativeOf);
        pairsSeen = steps.PairsSeen;
        if (!finite)
            return false;
        if (steps.Tiles.Count == 0)
            return true;
        steps.Tiles.ToArray().CopyTo(_pass.Host<RowTile>(tilesAt, Tiles));
        steps.AllSteps.ToArray().CopyTo(_pass.Host<FoldStep>(stepsAt, mostSteps));
        _pass.Host<int>(nextAt, 1)[0] = 0;
        Span<int> tileOf = _pass.Host<int>(tileOfAt, mostSteps);
        for (int tile = 0; tile < steps.Tiles.Count; tile++)
            tileOf[steps.Tiles[tile].FirstStep..steps.Tiles[tile].EndStep].Fill(tile);
        var launch = new FoldLaunch
        {
            Tiles = _pass.View<RowTile>(tilesAt, steps.Tiles.Count),
            Steps = _pass.View<FoldStep>(stepsAt, steps.AllSteps.Count),
            Keys = keys,
            Values = values,
            Words = _pass.View<int>(words, Math.Max(1, steps.Words)),
            Biases = _pass.View<float>(biases, Math.Max(1, steps.Biases)),
            Next = _pass.View<int>(nextAt, 1),
            TileOf = _pass.View<int>(tileOfAt, steps.AllSteps.Count),
            Output = _states.View<float>(_outputAt, (long)Rows * Sizes.Width),
            Max = _states.View<float>(_maxAt, Rows),
            Sum = _states.View<float>(_sumAt, Rows),
        };
        lock (Device.Launching)
        {
            _pass.Upload(Stream, 0, _pass.Length);
            Launch(launch);
        }
        return true;
    }

    /// <summary>Brings the states back and puts them in their place.</summary>
    public void End()
    {
        lock (Device.Launching)
            _states.Download(Stream, 0, _states.Length);
        Wait();
        int row = 0;
        Span<float> output = _states.Host<float>(_outputAt, (long)Rows * Sizes.Width);
        Span<float> max = _states.Host<float>(_maxAt, Rows), sum = _states.Host<float>(_sumAt, Rows);
        foreach (DeviceUnit unit in _fold!.Units)
        {
            AttentionState state = unit.State;
            for (int r = 0; r < state.Rows; r++)
                output.Slice((row + r) * Sizes.Width, state.ValueDim).CopyTo(state.OutputRow(r));
            max.Slice(row, state.Rows).CopyTo(new Span<float>(state.Max, state.Rows));
            sum.Slice(row, state.Rows).CopyTo(new Span<float>(state.Sum, state.Rows));
            row += Sizes.TilesOf(unit) * Sizes.Rows;
        }
    }

    /// <summary>Waits until the device has done all that it was given; what went wrong shows elsewhere.</summary>
    public void Settle() => Device.CallQuietly(Wait);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        Raw.Dispose();
        _states.Dispose();
        Work.Dispose();
        _pass.Dispose();
        _spans.Dispose();
        Stream.Dispose();
    }

    /// <summary>Reserves what the rows of a fold need in <see cref="Raw"/> and <see cref="Work"/>.</summary>
    protected abstract void LayOut(DeviceFold fold);

    /// <summary>Copies rows to the host's memory of <see cref="Raw"/>.</summary>
    protected abstract void StageRows(DeviceFold fold);

    /// <summary>Starts what is to be done with the rows once they are there.</summary>
    protected abstract void PackRows();

    /// <summary>Copies keys or values of a span to where the device takes them from, with zeros behind.</summary>
    protected abstract void StageSpan(TensorRows rows, Span<byte> room);

    /// <summary>Starts to bring a span from where it was uploaded to its slot.</summary>
    protected abstract void PackSpan(ArrayView<byte> rawKeys, ArrayView<byte> keys, ArrayView<byte> rawValues, ArrayView<byte> values);

    /// <summary>Starts the kernel.</summary>
    protected abstract void Launch(in FoldLaunch launch);

    /// <summary>First number of a unit's relative biases on the device.</summary>
    protected virtual int RelativeOf(DeviceUnit unit) => 0;

    private void Wait()
    {
        if (Device.Serial)
        {
            lock (Device.Launching)
                Stream.Synchronize();
        }
        else
        {
            Stream.Synchronize();
        }
    }

    private void StageStates(DeviceFold fold)
    {
        int row = 0;
        Span<float> output = _states.Host<float>(_outputAt, (long)Rows * Sizes.Width);
        Span<float> max = _states.Host<float>(_maxAt, Rows), sum = _states.Host<float>(_sumAt, Rows);
        output.Clear();
        max.Fill(float.NegativeInfinity);
        sum.Clear();
        foreach (DeviceUnit unit in fold.Units)
        {
            AttentionState state = unit.State;
            for (int r = 0; r < state.Rows; r++)
                state.OutputRow(r).CopyTo(output[((row + r) * Sizes.Width)..]);
            new ReadOnlySpan<float>(state.Max, state.Rows).CopyTo(max[row..]);
            new ReadOnlySpan<float>(state.Sum, state.Rows).CopyTo(sum[row..]);
            row += Sizes.TilesOf(unit) * Sizes.Rows;
        }
    }
}
