using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// The delta rule of the query heads that share a key head: keys are written one after the other, some span's worth at a
/// time, and the rows that see just so many of them read. Columns of the values are spread over the threads.
/// </summary>
internal sealed class DeltaChain : ISequentialChain
{
    private const int Width = DeltaMemory.Width;

    private readonly SequentialJob _job;
    private readonly JobPlan _plan;
    private readonly KeyLimits _limits;
    private readonly int _batch, _keyHead, _strips, _padded, _columns, _most;
    private readonly NativeBuffer _memories, _keys, _values, _queries, _outputs;
    private readonly float[] _rates;
    private readonly (long First, long End)[] _seen;

    public DeltaChain(SequentialJob job, int batch, int keyHead)
    {
        (_job, _plan, _batch, _keyHead) = (job, job.Plan, batch, keyHead);
        _limits = _plan.KeyLimits!;
        AttentionShape shape = _plan.Shape;
        _strips = (shape.ValueDim + Width - 1) / Width;
        _padded = FeatureRows.Padded(shape.KeyDim);
        _columns = _strips * Width;
        _most = _plan.KeyGrid.SpanRows;
        _memories = new NativeBuffer((nuint)_strips * DeltaMemory.FloatsFor(shape.KeyDim) * sizeof(float));
        _keys = new NativeBuffer((nuint)(_most + 1) * (nuint)_padded * sizeof(float));
        _values = new NativeBuffer((nuint)(_most + 1) * (nuint)_columns * sizeof(float));
        _queries = new NativeBuffer((nuint)_most * (nuint)(shape.Group * _padded) * sizeof(float));
        _outputs = new NativeBuffer((nuint)_most * (nuint)(shape.Group * _columns) * sizeof(float));
        _rates = new float[_most];
        _seen = new (long, long)[_most];
        for (int strip = 0; strip < _strips; strip++)
            Memory(strip).Clear();
    }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in new[] { _memories, _keys, _values, _queries, _outputs })
            buffer.Dispose();
    }

    public async Task RunAsync(ICompute compute, CancellationToken cancellation)
    {
        long row = 0, key = 0;
        while (row < _plan.Shape.QueryRows)
        {
            // As many rows as there is room for, and as many keys as the last of them sees.
            (RowRange rows, RowRange keys) = Next(row, key);
            await compute.RunAllAsync([_ => Read(rows, keys)], cancellation).ConfigureAwait(false);
            await compute.RunAllAsync(
                Enumerable.Range(0, _strips).Select(strip => (Action<ComputeScratch>)(_ =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    Sweep(strip, rows, keys);
                })), cancellation).ConfigureAwait(false);
            await compute.RunAllAsync([scratch => Write(rows, scratch)], cancellation).ConfigureAwait(false);
            (row, key) = (rows.End, keys.End);
        }
    }

    private (RowRange Rows, RowRange Keys) Next(long row, long key)
    {
        long keyEnd = Math.Min(key + _most, _plan.Shape.KeyRows), rowEnd = row;
        while (rowEnd < _plan.Shape.QueryRows && rowEnd - row < _most && _limits.Of(_batch, rowEnd).End <= keyEnd)
            rowEnd++;
        // A row that must wait for other rows' room holds back the keys that it does not see.
        if (rowEnd - row == _most)
            keyEnd = Math.Max(key, _limits.Of(_batch, rowEnd - 1).End);
        return (new RowRange(row, (int)(rowEnd - row)), new RowRange(key, (int)(keyEnd - key)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Read(RowRange rows, RowRange keys)
    {
        AttentionInput input = _job.Input;
        int group = _plan.Shape.Group;
        bool sums = _plan.Mechanism.FeatureSums;
        using var room = new NativeBuffer((nuint)Math.Max(rows.Count, keys.Count) * (nuint)Math.Max(_plan.Shape.KeyDim, FeatureRows.Padded(_plan.Shape.ValueDim)) * sizeof(float));
        TensorRows source = input.Keys.Slice(_batch, _keyHead, keys);
        source = _plan.Rows.Keys?.Prepare(source, _batch, _keyHead, keys.Start, room.Floats) ?? source;
        FeatureRows.Map(source, _plan.Mechanism.Features, sums, _keys.Floats);
        // One row more, for the look at a next key where there is none.
        new Span<float>(_keys.Floats + (nint)keys.Count * _padded, _padded).Clear();
        int valuePadded = FeatureRows.Padded(_plan.Shape.ValueDim);
        FeatureRows.Copy(input.Values.Slice(_batch, _keyHead, keys), room.Floats);
        for (int key = 0; key < keys.Count; key++)
        {
            var to = new Span<float>(_values.Floats + (nint)key * _columns, _columns);
            new ReadOnlySpan<float>(room.Floats + (nint)key * valuePadded, valuePadded).CopyTo(to);
            to[valuePadded..].Clear();
        }
        _plan.Tensors.Beta!.Read(_batch, _keyHead, keys, _rates);
        for (int row = 0; row < rows.Count; row++)
            _seen[row] = _limits.Of(_batch, rows.Start + row);
        for (int member = 0; member < group; member++)
        {
            int head = _keyHead * group + member;
            source = input.Queries.Slice(_batch, head, rows);
            source = _plan.Rows.Queries?.Prepare(source, _batch, head, rows.Start, room.Floats) ?? source;
            FeatureRows.Map(source, _plan.Mechanism.Features, sums, _queries.Floats + (nint)member * _most * _padded);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Sweep(int strip, RowRange rows, RowRange keys)
    {
        DeltaMemory memory = Memory(strip);
        float* update = stackalloc float[Width], read = stackalloc float[Width];
        int document = 0, row = 0;
        while (document < _limits.Starts.Count && _limits.Starts[document] < keys.Start)
            document++;
        memory.Read(_keys.Floats, read);
        // Rows that see no key more than those before.
        row = ReadRows(memory, strip, rows, row, keys.Start);
        for (int key = 0; key < keys.Count; key++)
        {
            long at = keys.Start + key;
            float* of = _keys.Floats + (nint)key * _padded;
            for (; document < _limits.Starts.Count && _limits.Starts[document] == at; document++)
            {
                memory.Clear();
                memory.Read(of, read);
            }
            DeltaMemory.Update(_rates[key], _values.Floats + (nint)key * _columns + strip * Width, read, update);
            bool sees = row < rows.Count && _seen[row].End == at + 1 && _seen[row].First <= at;
            memory.Write(
                of, update, of + _padded, sees ? Query(0, row) : of, read, sees ? Output(0, row) + strip * Width : update);
            if (sees)
            {
                for (int member = 1; member < _plan.Shape.Group; member++)
                    memory.Read(Query(member, row), Output(member, row) + strip * Width);
                row++;
            }
            row = ReadRows(memory, strip, rows, row, at + 1);
        }
    }

    /// <summary>Reads for all rows that see the keys before <paramref name="end"/> and no more.</summary>
    /// <returns>The row behind them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int ReadRows(in DeltaMemory memory, int strip, RowRange rows, int row, long end)
    {
        for (; row < rows.Count && _seen[row].End <= end; row++)
        {
            for (int member = 0; member < _plan.Shape.Group; member++)
            {
                float* output = Output(member, row) + strip * Width;
                if (_seen[row].End == _seen[row].First)
                    new Span<float>(output, Width).Clear();
                else
                    memory.Read(Query(member, row), output);
            }
        }
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Write(RowRange rows, ComputeScratch scratch)
    {
        int dim = _plan.Shape.ValueDim;
        for (int member = 0; member < _plan.Shape.Group; member++)
        {
            Span<float> result = scratch.Numbers(rows.Count * (dim + 1));
            for (int row = 0; row < rows.Count; row++)
            {
                Span<float> to = result.Slice(row * dim, dim);
                TensorPrimitives.Multiply(new ReadOnlySpan<float>(Output(member, row), dim), (float)_plan.Scale, to);
                FinalRow.Canonical(to);
            }
            Span<float> logarithms = result[(rows.Count * dim)..];
            logarithms.Clear();
            _job.Sink.Write(_batch, _keyHead * _plan.Shape.Group + member, rows.Start, result[..(rows.Count * dim)], logarithms);
            long pairs = 0;
            for (int row = 0; row < rows.Count; row++)
                pairs += _seen[row].End - _seen[row].First;
            _job.Done.Folded(pairs, pairs);
        }
    }

    private unsafe DeltaMemory Memory(int strip) => new(_memories.Floats + (nuint)strip * DeltaMemory.FloatsFor(_plan.Shape.KeyDim), _plan.Shape.KeyDim);

    private unsafe float* Query(int member, int row) => _queries.Floats + ((nint)member * _most + row) * _padded;

    private unsafe float* Output(int member, int row) => _outputs.Floats + ((nint)member * _most + row) * _columns;
}
