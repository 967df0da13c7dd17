using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Gpu.Benchmarks;

/// <summary>Heads of one size that share keys and values, numbers drawn from a normal distribution, and their states.</summary>
internal sealed unsafe class Problem : IDisposable
{
    private readonly NativeBuffer _queries, _keys, _values, _states;
    private readonly TensorRows _keyRows, _valueRows;
    private readonly MaskSet _masks;
    private readonly SpanGrid _grid;
    private readonly DeviceSpan[] _spans;
    private readonly int _dim, _heads;
    private readonly ElementType _type;

    public Problem(ElementType type, int dim, int rows, int heads, bool causal)
    {
        (_type, _dim, _heads, _grid) = (type, dim, heads, new SpanGrid(rows));
        _masks = causal ? new MaskSet(BandMask.Causal("causal", 0)) : MaskSet.None;
        var random = new Random(7);
        _queries = Draw(random, (long)heads * rows * dim);
        _keys = Draw(random, (long)rows * dim);
        _values = Draw(random, (long)rows * dim);
        _states = new NativeBuffer((nuint)heads * AttentionState.FloatsFor(rows, dim) * sizeof(float));
        _keyRows = Of(_keys, 0, rows);
        _valueRows = Of(_values, 0, rows);
        _spans = [.. Enumerable.Range(0, _grid.Count).Select(i => new DeviceSpan(
            0, 0, i, () => _keyRows.Slice((int)_grid[i].Start, _grid[i].Count), () => _valueRows.Slice((int)_grid[i].Start, _grid[i].Count)))];
    }

    public DeviceShape Shape => new(_dim, _dim, _grid.SpanRows, _grid.Count, 1 / Math.Sqrt(_dim), _type, _type, _type, Staged: false);

    /// <summary>(query, key) pairs seen, over the heads.</summary>
    public double Pairs => _heads * (_masks.Masks.Count == 0 ? (double)_grid.Rows * _grid.Rows : _grid.Rows * (_grid.Rows + 1.0) / 2);

    public void Reset()
    {
        foreach ((int head, int span) in Units())
            State(head, span).Reset();
    }

    /// <summary>The whole attention, each key span folded so many times.</summary>
    public DeviceFold Fold(int times) => new(
    [
        .. Units().Select(unit => new DeviceUnit
        {
            Queries = Of(_queries, unit.Head * _grid.Rows + _grid[unit.Span].Start, _grid[unit.Span].Count),
            State = State(unit.Head, unit.Span),
            Steps = [.. Steps(unit.Head, unit.Span).SelectMany(step => Enumerable.Repeat(step, times))],
        }),
    ], _masks);

    /// <summary>The same on the CPU, once.</summary>
    public void FoldOnCpu(CpuKernel kernel)
    {
        using NativeBuffer q = new(kernel.QueryBytes(_grid.SpanRows, _dim)), k = new(kernel.KeyBytes(_grid.SpanRows, _dim)),
            v = new(kernel.ValueBytes(_grid.SpanRows, _dim)), work = new(kernel.WorkspaceBytes(_dim, _dim)),
            words = new((nuint)(_grid.SpanRows * MaskWords.WordsFor(_grid.SpanRows) * sizeof(ulong)));
        foreach ((int head, int span) in Units())
        {
            PackedQueries queries = kernel.PackQueries(Of(_queries, head * _grid.Rows + _grid[span].Start, _grid[span].Count), Shape.Scale, q.Pointer);
            foreach (DeviceStep step in Steps(head, span))
            {
                var mask = new MaskWords((ulong*)words.Pointer, step.Tile.Queries.Count, step.Tile.Keys.Count);
                mask.SetAll();
                _masks.Apply(step.Tile, mask);
                kernel.Fold(
                    queries, kernel.PackKeys(step.Span.Keys(), k.Pointer), kernel.PackValues(step.Span.Values(), v.Pointer), step.Partial ? mask : null,
                    State(head, span), work.Pointer);
            }
        }
    }

    public float[] Output()
    {
        var output = new float[_heads * _grid.Rows * _dim];
        long row = 0;
        foreach ((int head, int span) in Units())
        {
            AttentionState state = State(head, span);
            for (int r = 0; r < state.Rows; r++, row++)
                StateMath.Normalise(state, r, output.AsSpan((int)(row * _dim), _dim));
        }
        return output;
    }

    public void Dispose()
    {
        _queries.Dispose();
        _keys.Dispose();
        _values.Dispose();
        _states.Dispose();
    }

    private IEnumerable<(int Head, int Span)> Units() =>
        from head in Enumerable.Range(0, _heads) from span in Enumerable.Range(0, _grid.Count) select (head, span);

    private IEnumerable<DeviceStep> Steps(int head, int span)
    {
        var order = new CanonicalOrder(_grid.Count, _grid.Count);
        for (int position = 0; position < _grid.Count; position++)
        {
            int key = order.KeySpanAt(span, position);
            var tile = new MaskTile(0, head, _grid[span], _grid[key]);
            if (_masks.Classify(tile) is not TileClass.Skip and var seen)
                yield return new DeviceStep(_spans[key], tile, seen == TileClass.Partial, default);
        }
    }

    private AttentionState State(int head, int span)
    {
        long before = head * (long)AttentionState.FloatsFor((int)_grid.Rows, _dim) + (long)AttentionState.FloatsFor((int)_grid[span].Start, _dim);
        return AttentionState.At(_states.Floats + before, _grid[span].Count, _dim);
    }

    private TensorRows Of(NativeBuffer memory, long first, int count)
    {
        nint stride = _dim * _type.SizeInBytes();
        return new TensorRows((nint)memory.Pointer + (nint)first * stride, _type, stride, count, _dim);
    }

    private NativeBuffer Draw(Random random, long count)
    {
        var buffer = new NativeBuffer((nuint)count * (nuint)_type.SizeInBytes());
        for (long i = 0; i < count; i++)
        {
            float x = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            if (_type == ElementType.F32)
                buffer.Floats[i] = x;
            else
                ((ushort*)buffer.Pointer)[i] = _type == ElementType.F16 ? BitConverter.HalfToUInt16Bits((Half)x) : (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16);
        }
        return buffer;
    }
}
