using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// Linear attention of one query span, when what it sees of whole key spans is known. Key spans that it sees in part are cut
/// into chunks: those that a chunk of rows sees whole are added to its memory, the others are done pair by pair.
/// </summary>
internal sealed unsafe class LinearSpan : IDisposable
{
    private const int Chunk = FeatureSums.ChunkKeys;

    /// <summary>Rows that are read at a time where there are no chunks: whole groups of six, near at hand.</summary>
    private const int WholeRows = 48;

    private readonly JobPlan _plan;
    private readonly AttentionInput _input;
    private readonly SpanSums _spans;
    private readonly SpanView _view;
    private readonly int _batch;
    private readonly RowRange _rows;
    private readonly Dictionary<(int Span, int Chunk), NativeBuffer> _made = [];
    private List<(int Span, int Chunk)> _added = [];
    private List<(int Span, int Chunk)> _held = [];
    private long _pairs;

    public LinearSpan(JobPlan plan, AttentionInput input, int batch, int querySpan, SpanView view, SpanSums spans) =>
        (_plan, _input, _batch, _rows, _view, _spans) = (plan, input, batch, plan.QueryGrid[querySpan], view, spans);

    private int Dim => _plan.Shape.KeyDim;

    private int Padded => FeatureRows.Padded(Dim);

    private int Columns => FeatureRows.Padded(_plan.Shape.ValueDim);

    private nuint SumFloats => FeatureSums.FloatsFor(Dim, _plan.Shape.ValueDim);

    public void Dispose()
    {
        foreach (NativeBuffer chunk in _made.Values)
            chunk.Dispose();
    }

    /// <summary>Computes the span for one query head and gives its rows to the sink.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Compute(int head, FeatureSums whole, IAttentionSink sink, WorkDone done, ComputeScratch scratch)
    {
        nuint floats = SumFloats + (nuint)_rows.Count * (nuint)(Columns + 1) + 2 * (nuint)(Chunk * Padded) + SpanSums.ReadFloats(_plan)
            + MaskedProducts.TurnedFloats(Dim) + Chunk * Chunk;
        using var memory = new NativeBuffer(floats * sizeof(float));
        float* own = memory.Floats, queries = own + SumFloats, prepared = queries + Chunk * Padded, room = prepared + Chunk * Padded;
        float* output = room + SpanSums.ReadFloats(_plan) + MaskedProducts.TurnedFloats(Dim) + Chunk * Chunk, denominators = output + (nint)_rows.Count * Columns;
        new Span<float>(denominators, _rows.Count).Clear();
        _held.Clear();
        _pairs = _view.Pairs;
        int step = _view.Partial.Count == 0 ? WholeRows : Chunk;
        for (int row = 0; row < _rows.Count; row += step)
        {
            var part = new RowRange(_rows.Start + row, Math.Min(step, _rows.Count - row));
            ReadQueries(head, part, queries, prepared);
            new Span<float>(output + (nint)row * Columns, part.Count * Columns).Clear();
            if (_view.Partial.Count == 0)
                whole.Apply(queries, part.Count, output + (nint)row * Columns, denominators + row);
            else
                AddChunk(head, part, whole, new FeatureSums(own, Dim, _plan.Shape.ValueDim), queries, output + (nint)row * Columns, denominators + row, room, scratch);
        }
        Finish(output, denominators);
        sink.Write(_batch, head, _rows.Start, new ReadOnlySpan<float>(output, _rows.Count * _plan.Shape.ValueDim), new ReadOnlySpan<float>(denominators, _rows.Count));
        done.Folded(_pairs, _rows.Count * _plan.CostOfRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadQueries(int head, RowRange rows, float* queries, float* prepared)
    {
        TensorRows source = _input.Queries.Slice(_batch, head, rows);
        source = _plan.Rows.Queries?.Prepare(source, _batch, head, rows.Start, prepared) ?? source;
        FeatureRows.Map(source, _plan.Mechanism.Features, sums: false, queries);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddChunk(
        int head, RowRange rows, FeatureSums whole, FeatureSums own, float* queries, float* output, float* denominators, float* room,
        ComputeScratch scratch)
    {
        _added.Clear();
        foreach (int span in _view.Partial)
        {
            RowRange keys = _plan.KeyGrid[span];
            for (int key = 0; key < keys.Count; key += Chunk)
            {
                var part = new RowRange(keys.Start + key, Math.Min(Chunk, keys.Count - key));
                var tile = new MaskTile(_batch, head, rows, part);
                switch (_plan.Masks.Classify(tile))
                {
                    case TileClass.Full:
                        _added.Add((span, key / Chunk));
                        _pairs += (long)rows.Count * part.Count;
                        break;
                    case TileClass.Partial:
                        MaskWords words = scratch.Words(rows.Count, part.Count);
                        _plan.Masks.Apply(tile, words);
                        _pairs += words.CountSet();
                        AddPairs(part, words, queries, output, denominators, room);
                        break;
                    default:
                        break;
                }
            }
        }
        // Where these rows see all chunks that the rows before saw, and more, only those are added.
        Span<(int Span, int Chunk)> added = CollectionsMarshal.AsSpan(_added), held = CollectionsMarshal.AsSpan(_held);
        bool goesOn = added.Length >= held.Length && held.Length > 0 && added[..held.Length].SequenceEqual(held);
        if (!goesOn)
            own.CopyFrom(whole);
        foreach ((int span, int chunk) in added[(goesOn ? held.Length : 0)..])
            own.Add(ChunkSums(span, chunk, room));
        (_added, _held) = (_held, _added);
        own.Apply(queries, rows.Count, output, denominators);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddPairs(RowRange keys, MaskWords words, float* queries, float* output, float* denominators, float* room)
    {
        float* turned = room + SpanSums.ReadFloats(_plan), weights = turned + MaskedProducts.TurnedFloats(Dim);
        float* values = _spans.Read(keys, room, out nint stride);
        MaskedProducts.Turn(room, keys.Count, Dim, turned);
        MaskedProducts.Weights(queries, turned, Dim, words, weights);
        MaskedProducts.AddSums(weights, words.Rows, denominators);
        bool finite = FeatureRows.AllFinite(values, stride, keys.Count, Columns);
        MaskedProducts.AddValues(weights, values, stride, finite, Columns, words, output);
    }

    /// <summary>The sums of one chunk; those that the span's sums were not made of are made once for all rows and heads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private FeatureSums ChunkSums(int span, int chunk, float* room)
    {
        if (_spans.HasChunks(span))
            return _spans.OfChunk(span, chunk);
        if (!_made.TryGetValue((span, chunk), out NativeBuffer? made))
        {
            RowRange keys = _plan.KeyGrid[span];
            int count = Math.Min(Chunk, keys.Count - chunk * Chunk);
            made = new NativeBuffer(SumFloats * sizeof(float));
            _made.Add((span, chunk), made);
            var sums = new FeatureSums(made.Floats, Dim, _plan.Shape.ValueDim);
            sums.Clear();
            float* values = _spans.Read(new RowRange(keys.Start + chunk * Chunk, count), room, out nint stride);
            sums.AddKeys(room, values, stride, count);
        }
        return new FeatureSums(made.Floats, Dim, _plan.Shape.ValueDim);
    }

    /// <summary>Divides, and leaves the logarithms of the denominators in their place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(float* output, float* denominators)
    {
        if (!_plan.Mechanism.HasDenominator)
        {
            OutputRows.Multiply(output, _rows.Count, _plan.Shape.ValueDim, (float)_plan.Scale);
            new Span<float>(denominators, _rows.Count).Clear();
            return;
        }
        OutputRows.Divide(output, _rows.Count, _plan.Shape.ValueDim, denominators);
        for (int row = 0; row < _rows.Count; row++)
        {
            double logarithm = Math.Log(denominators[row]);
            denominators[row] = double.IsNaN(logarithm) ? float.NaN : (float)logarithm;
        }
    }
}
