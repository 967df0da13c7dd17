using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu;

/// <summary>
/// Exact attention over the keys and values of one key head: the kernel contract used from beginning to end, for programs
/// that need no more, for tests and for measurements. Keys and values are packed once, for any number of query heads.
/// </summary>
public sealed unsafe class HeadAttention : IDisposable
{
    private readonly CpuKernel _kernel;
    private readonly SpanGrid _grid;
    private readonly int _dim, _valueDim;
    private readonly NativeBuffer _packed;
    private readonly PackedKeys[] _keys;
    private readonly PackedValues[] _values;
    private (TensorRows Keys, TensorRows Values)? _unpacked;

    /// <summary>Takes the memory for one head; <see cref="Pack"/> fills it.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="keys">Keys of the sequence.</param>
    /// <param name="dim">Elements of a key.</param>
    /// <param name="valueDim">Elements of a value.</param>
    public HeadAttention(CpuKernel kernel, int keys, int dim, int valueDim)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        (_kernel, _grid, _dim, _valueDim) = (kernel, new SpanGrid(keys), dim, valueDim);
        _keys = new PackedKeys[_grid.Count];
        _values = new PackedValues[_grid.Count];
        _packed = new NativeBuffer((KeyBytes + ValueBytes) * (nuint)_grid.Count);
    }

    private nuint KeyBytes => Aligned(_kernel.KeyBytes(SpanGrid.MaxSpanRows, _dim));

    private nuint ValueBytes => Aligned(_kernel.ValueBytes(SpanGrid.MaxSpanRows, _valueDim));

    /// <summary>Packs the keys and values.</summary>
    /// <param name="keys"><c>[keys, dim]</c></param>
    /// <param name="values"><c>[keys, valueDim]</c></param>
    /// <exception cref="ArgumentException">They are not of the sizes that memory was taken for.</exception>
    public void Pack(TensorRows keys, TensorRows values)
    {
        for (int span = 0; span < _grid.Count; span++)
            PackSpan(span, keys, values);
    }

    /// <summary>Packs one span of the keys and values. Several threads may pack different ones at the same time.</summary>
    /// <param name="span">Which.</param>
    /// <param name="keys"><c>[keys, dim]</c>: all of them.</param>
    /// <param name="values"><c>[keys, valueDim]</c></param>
    /// <exception cref="ArgumentException">They are not of the sizes that memory was taken for.</exception>
    public void PackSpan(int span, TensorRows keys, TensorRows values)
    {
        Check(keys, values);
        _unpacked = null;
        (long start, int count) = _grid[span];
        byte* at = _packed.Pointer + (nuint)span * (KeyBytes + ValueBytes);
        _keys[span] = _kernel.PackKeys(keys.Slice((int)start, count), at);
        _values[span] = _kernel.PackValues(values.Slice((int)start, count), at + KeyBytes);
    }

    /// <summary>Spans of the keys.</summary>
    public int Spans => _grid.Count;

    /// <summary>
    /// Takes the keys and values as they lie, for few query rows (<see cref="CpuKernel.DirectRows"/>); they must stay there
    /// while <see cref="Compute"/> is used.
    /// </summary>
    /// <param name="keys"><c>[keys, dim]</c></param>
    /// <param name="values"><c>[keys, valueDim]</c></param>
    /// <exception cref="ArgumentException">They are not of the sizes that memory was taken for.</exception>
    public void TakeUnpacked(TensorRows keys, TensorRows values)
    {
        Check(keys, values);
        _unpacked = (keys, values);
    }

    private void Check(TensorRows keys, TensorRows values)
    {
        if ((keys.Count, keys.Dim, values.Count, values.Dim) != (_grid.Rows, _dim, _grid.Rows, _valueDim))
        {
            throw new ArgumentException(
                $"Keys of [{keys.Count}, {keys.Dim}] and values of [{values.Count}, {values.Dim}] were given: expected " +
                $"[{_grid.Rows}, {_dim}] and [{_grid.Rows}, {_valueDim}].", nameof(keys));
        }
    }

    /// <summary>Memory for <see cref="Compute"/>, to be used by one thread at a time.</summary>
    public NativeBuffer NewScratch() => new(
        Aligned(_kernel.QueryBytes(SpanGrid.MaxSpanRows, _dim)) + StateBytes + MaskBytes + _kernel.WorkspaceBytes(_dim, _valueDim));

    /// <summary>Computes the attention of query rows. Several threads may do so at the same time.</summary>
    /// <param name="queries"><c>[rows, dim]</c>: all query rows of the head, of whose spans <paramref name="spans"/> selects some.</param>
    /// <param name="scale">The softmax scale.</param>
    /// <param name="mask">The mask; batch entry and query head are 0.</param>
    /// <param name="spans">Query spans to compute.</param>
    /// <param name="output"><c>[rows, valueDim]</c>; rows of other spans are left alone.</param>
    /// <param name="logSumExp"><c>[rows]</c>, natural logarithm; null = not wanted.</param>
    /// <param name="scratch">Memory from <see cref="NewScratch"/>.</param>
    public void Compute(
        TensorRows queries, double scale, IAttentionMask mask, Range spans, float* output, float* logSumExp,
        NativeBuffer scratch)
    {
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(scratch);
        var grid = new SpanGrid(queries.Count);
        var order = new CanonicalOrder(grid.Count, _grid.Count);
        byte* stateMemory = scratch.Pointer + Aligned(_kernel.QueryBytes(SpanGrid.MaxSpanRows, _dim));
        byte* maskMemory = stateMemory + StateBytes;
        byte* workspace = maskMemory + MaskBytes;
        (int firstSpan, int spanCount) = spans.GetOffsetAndLength(grid.Count);
        for (int span = firstSpan; span < firstSpan + spanCount; span++)
        {
            RowRange rows = grid[span];
            PackedQueries packed = _kernel.PackQueries(queries.Slice((int)rows.Start, rows.Count), scale, scratch.Pointer);
            AttentionState state = AttentionState.At((float*)stateMemory, rows.Count, _valueDim);
            state.Reset();
            for (int position = 0; position < _grid.Count; position++)
            {
                int keySpan = order.KeySpanAt(span, position);
                var tile = new MaskTile(0, 0, rows, _grid[keySpan]);
                TileClass seen = mask.Classify(tile);
                if (seen == TileClass.Skip)
                    continue;
                MaskWords? words = null;
                if (seen == TileClass.Partial)
                {
                    words = new MaskWords((ulong*)maskMemory, rows.Count, tile.Keys.Count);
                    words.Value.SetAll();
                    mask.Apply(tile, words.Value);
                }
                if (_unpacked is not { } rowsOf)
                {
                    _kernel.Fold(packed, _keys[keySpan], _values[keySpan], words, state, workspace);
                    continue;
                }
                (long start, int count) = tile.Keys;
                _kernel.FoldDirect(
                    packed, rowsOf.Keys.Slice((int)start, count), rowsOf.Values.Slice((int)start, count), words, state, workspace);
            }
            for (int row = 0; row < rows.Count; row++)
            {
                StateMath.Normalise(state, row, new Span<float>(output + (rows.Start + row) * _valueDim, _valueDim));
                if (logSumExp is not null)
                    logSumExp[rows.Start + row] = StateMath.LogSumExp(state, row);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _packed.Dispose();

    private nuint StateBytes => Aligned(AttentionState.FloatsFor(SpanGrid.MaxSpanRows, _valueDim) * sizeof(float));

    private static nuint MaskBytes =>
        SpanGrid.MaxSpanRows * (nuint)MaskWords.WordsFor(SpanGrid.MaxSpanRows) * sizeof(ulong);

    private static nuint Aligned(nuint bytes) => (bytes + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1);
}
