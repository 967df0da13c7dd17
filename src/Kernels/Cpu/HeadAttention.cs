using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu;

/// <summary>
/// Exact attention of one query head on one thread, keys and values packed once: the kernel contract used from beginning
/// to end, for programs that need no more, for tests and for measurements.
/// </summary>
public sealed unsafe class HeadAttention : IDisposable
{
    private readonly CpuKernel _kernel;
    private readonly SpanGrid _keyGrid;
    private readonly NativeBuffer _packed;
    private readonly PackedKeys[] _keys;
    private readonly PackedValues[] _values;

    /// <summary>Packs the keys and values of one key head.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="keys"><c>[keys, dim]</c></param>
    /// <param name="values"><c>[keys, valueDim]</c></param>
    /// <exception cref="ArgumentException">There are not as many values as keys.</exception>
    public HeadAttention(CpuKernel kernel, TensorRows keys, TensorRows values)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        if (keys.Count != values.Count)
            throw new ArgumentException($"There are {values.Count} values: expected one for each of the {keys.Count} keys.", nameof(values));
        _kernel = kernel;
        _keyGrid = new SpanGrid(keys.Count);
        _keys = new PackedKeys[_keyGrid.Count];
        _values = new PackedValues[_keyGrid.Count];
        nuint keyBytes = Aligned(kernel.KeyBytes(SpanGrid.MaxSpanRows, keys.Dim));
        nuint valueBytes = Aligned(kernel.ValueBytes(SpanGrid.MaxSpanRows, values.Dim));
        ValueDim = values.Dim;
        _packed = new NativeBuffer((keyBytes + valueBytes) * (nuint)_keyGrid.Count);
        byte* at = _packed.Pointer;
        for (int span = 0; span < _keyGrid.Count; span++)
        {
            (long start, int count) = _keyGrid[span];
            _keys[span] = kernel.PackKeys(keys.Slice((int)start, count), at);
            _values[span] = kernel.PackValues(values.Slice((int)start, count), at + keyBytes);
            at += keyBytes + valueBytes;
        }
    }

    /// <summary>Elements of a value, and so of an output row.</summary>
    public int ValueDim { get; }

    /// <summary>Computes the attention of query rows. Several threads may do so at the same time.</summary>
    /// <param name="queries"><c>[rows, dim]</c>: all query rows of the head, whose spans <paramref name="spans"/> selects.</param>
    /// <param name="scale">The softmax scale.</param>
    /// <param name="mask">The mask; batch entry and query head are 0.</param>
    /// <param name="spans">Query spans to compute.</param>
    /// <param name="output"><c>[rows, valueDim]</c>; rows of other spans are left alone.</param>
    /// <param name="logSumExp"><c>[rows]</c>, natural logarithm; null = not wanted.</param>
    public void Compute(
        TensorRows queries, double scale, IAttentionMask mask, Range spans, float* output, float* logSumExp)
    {
        ArgumentNullException.ThrowIfNull(mask);
        var grid = new SpanGrid(queries.Count);
        var order = new CanonicalOrder(grid.Count, _keyGrid.Count);
        nuint queryBytes = Aligned(_kernel.QueryBytes(SpanGrid.MaxSpanRows, queries.Dim));
        nuint stateBytes = Aligned(AttentionState.FloatsFor(SpanGrid.MaxSpanRows, ValueDim) * sizeof(float));
        nuint maskBytes = SpanGrid.MaxSpanRows * (nuint)MaskWords.WordsFor(SpanGrid.MaxSpanRows) * sizeof(ulong);
        using var memory = new NativeBuffer(queryBytes + stateBytes + maskBytes + _kernel.WorkspaceBytes(queries.Dim, ValueDim));
        byte* workspace = memory.Pointer + queryBytes + stateBytes + maskBytes;
        (int firstSpan, int spanCount) = spans.GetOffsetAndLength(grid.Count);
        for (int span = firstSpan; span < firstSpan + spanCount; span++)
        {
            RowRange rows = grid[span];
            PackedQueries packed = _kernel.PackQueries(queries.Slice((int)rows.Start, rows.Count), scale, memory.Pointer);
            AttentionState state = AttentionState.At((float*)(memory.Pointer + queryBytes), rows.Count, ValueDim);
            state.Reset();
            for (int position = 0; position < _keyGrid.Count; position++)
            {
                int keySpan = order.KeySpanAt(span, position);
                var tile = new MaskTile(0, 0, rows, _keyGrid[keySpan]);
                TileClass seen = mask.Classify(tile);
                if (seen == TileClass.Skip)
                    continue;
                MaskWords? words = null;
                if (seen == TileClass.Partial)
                {
                    words = new MaskWords((ulong*)(memory.Pointer + queryBytes + stateBytes), rows.Count, tile.Keys.Count);
                    words.Value.SetAll();
                    mask.Apply(tile, words.Value);
                }
                _kernel.Fold(packed, _keys[keySpan], _values[keySpan], words, state, workspace);
            }
            for (int row = 0; row < rows.Count; row++)
            {
                StateMath.Normalise(state, row, new Span<float>(output + (rows.Start + row) * ValueDim, ValueDim));
                if (logSumExp is not null)
                    logSumExp[rows.Start + row] = StateMath.LogSumExp(state, row);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _packed.Dispose();

    private static nuint Aligned(nuint bytes) => (bytes + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1);
}
