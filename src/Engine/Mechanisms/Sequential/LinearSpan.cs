using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
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

    private readonly JobPlan _plan;
    private readonly AttentionInput _input;
    private readonly SpanSums _spans;
    private readonly int _batch, _keyHead, _querySpan;
    private readonly Dictionary<long, NativeBuffer> _chunks = [];
    private List<RowRange> _added = [];
    private List<RowRange> _held = [];

    public LinearSpan(JobPlan plan, AttentionInput input, int batch, int keyHead, int querySpan, SpanSums spans) =>
        (_plan, _input, _batch, _keyHead, _querySpan, _spans) = (plan, input, batch, keyHead, querySpan, spans);

    private int Dim => _plan.Shape.KeyDim;

    private int Columns => FeatureRows.Padded(_plan.Shape.ValueDim);

    private nuint SumFloats => FeatureSums.FloatsFor(Dim, _plan.Shape.ValueDim);

    public void Dispose()
    {
        foreach (NativeBuffer chunk in _chunks.Values)
            chunk.Dispose();
    }

    /// <summary>Computes the span for one query head and gives its rows to the sink.</summary>
    public void Compute(int head, FeatureSums whole, IAttentionSink sink, WorkDone done, ComputeScratch scratch)
    {
        RowRange rows = _plan.QueryGrid[_querySpan];
        int padded = FeatureRows.Padded(Dim);
        nuint floats = (nuint)rows.Count * (nuint)(padded + Columns + 1 + _plan.Shape.ValueDim) + SumFloats + (nuint)Chunk * (nuint)padded
            + SpanSums.ReadFloats(_plan) + MaskedProducts.ScratchFloats(Chunk, Dim) + 16;
        using var memory = new NativeBuffer(floats * sizeof(float));
        float* queries = memory.Floats, output = queries + (nint)rows.Count * padded, denominators = output + (nint)rows.Count * Columns;
        float* result = denominators + rows.Count;
        var own = new FeatureSums((float*)(((nint)(result + (nint)rows.Count * _plan.Shape.ValueDim) + 63) & ~63), Dim, _plan.Shape.ValueDim);
        float* room = own.Values + SumFloats;
        new Span<float>(output, rows.Count * (Columns + 1)).Clear();
        ReadQueries(head, rows, queries, room);

        _held.Clear();
        var seen = new Seen();
        List<int> partial = Partial(head, ref seen);
        if (partial.Count == 0)
        {
            whole.Apply(queries, rows.Count, output, denominators);
        }
        else
        {
            for (int row = 0; row < rows.Count; row += Chunk)
            {
                var part = new RowRange(rows.Start + row, Math.Min(Chunk, rows.Count - row));
                AddChunk(head, part, partial, whole, own, queries + (nint)row * padded, output + (nint)row * Columns, denominators + row, room, scratch, ref seen);
            }
        }
        Finish(output, denominators, result, rows.Count);
        sink.Write(_batch, head, rows.Start, new ReadOnlySpan<float>(result, rows.Count * _plan.Shape.ValueDim), new ReadOnlySpan<float>(denominators, rows.Count));
        done.Folded(seen.Pairs, seen.Cost);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadQueries(int head, RowRange rows, float* queries, float* room)
    {
        for (int row = 0; row < rows.Count; row += Chunk)
        {
            var part = new RowRange(rows.Start + row, Math.Min(Chunk, rows.Count - row));
            TensorRows source = _input.Queries.Slice(_batch, head, part);
            source = _plan.Rows.Queries?.Prepare(source, _batch, head, part.Start, room) ?? source;
            FeatureRows.Map(source, _plan.Mechanism.Features, sums: false, queries + (nint)row * FeatureRows.Padded(Dim));
        }
    }

    /// <summary>The key spans that some row sees, and some row does not see whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private List<int> Partial(int head, ref Seen seen)
    {
        var partial = new List<int>();
        RowRange rows = _plan.QueryGrid[_querySpan];
        for (int span = 0; span < _plan.KeyGrid.Count; span++)
        {
            double area = (double)rows.Count * _plan.KeyGrid[span].Count;
            switch (_plan.Masks.Classify(new MaskTile(_batch, head, rows, _plan.KeyGrid[span])))
            {
                case TileClass.Partial:
                    partial.Add(span);
                    seen.Cost += area / 2;
                    break;
                case TileClass.Full:
                    seen.Cost += area;
                    seen.Pairs += (long)area;
                    break;
                default:
                    break;
            }
        }
        return partial;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddChunk(
        int head, RowRange rows, List<int> partial, FeatureSums whole, FeatureSums own, float* queries, float* output, float* denominators,
        float* room, ComputeScratch scratch, ref Seen seen)
    {
        int padded = FeatureRows.Padded(Dim);
        float* features = room + Chunk * padded, prepared = features + Chunk * padded, values = prepared + Chunk * padded, products = values + Chunk * Columns;
        _added.Clear();
        foreach (int span in partial)
        {
            RowRange keys = _plan.KeyGrid[span];
            for (int key = 0; key < keys.Count; key += Chunk)
            {
                var part = new RowRange(keys.Start + key, Math.Min(Chunk, keys.Count - key));
                var tile = new MaskTile(_batch, head, rows, part);
                switch (_plan.Masks.Classify(tile))
                {
                    case TileClass.Full:
                        _added.Add(part);
                        seen.Pairs += (long)rows.Count * part.Count;
                        break;
                    case TileClass.Partial:
                        MaskWords words = scratch.Words(rows.Count, part.Count);
                        _plan.Masks.Apply(tile, words);
                        seen.Pairs += words.CountSet();
                        bool finite = _spans.Read(part, features, values, prepared);
                        MaskedProducts.Add(queries, features, values, finite, Dim, Columns, words, output, denominators, products);
                        break;
                    default:
                        break;
                }
            }
        }
        // Where these rows see all chunks that the rows before saw, and more, only those are added.
        bool goesOn = _added.Count >= _held.Count && _held.Count > 0 && _added.Take(_held.Count).SequenceEqual(_held);
        if (!goesOn)
            own.CopyFrom(whole);
        foreach (RowRange keys in _added.Skip(goesOn ? _held.Count : 0))
            own.Add(ChunkSums(keys, features, values, prepared));
        (_added, _held) = (_held, _added);
        own.Apply(queries, rows.Count, output, denominators);
    }

    /// <summary>The sums of one chunk, made once for all rows and heads of the query span.</summary>
    private FeatureSums ChunkSums(RowRange keys, float* features, float* values, float* prepared)
    {
        if (!_chunks.TryGetValue(keys.Start, out NativeBuffer? made))
        {
            made = new NativeBuffer(SumFloats * sizeof(float));
            _chunks.Add(keys.Start, made);
            var sums = new FeatureSums(made.Floats, Dim, _plan.Shape.ValueDim);
            sums.Clear();
            _spans.Read(keys, features, values, prepared);
            sums.AddKeys(features, values, keys.Count);
        }
        return new FeatureSums(made.Floats, Dim, _plan.Shape.ValueDim);
    }

    /// <summary>Divides, and leaves the logarithms of the denominators in their place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(float* output, float* denominators, float* result, int rows)
    {
        int dim = _plan.Shape.ValueDim;
        bool divides = _plan.Mechanism.HasDenominator;
        for (int row = 0; row < rows; row++)
        {
            float denominator = denominators[row];
            var sums = new ReadOnlySpan<float>(output + (nint)row * Columns, dim);
            var to = new Span<float>(result + (nint)row * dim, dim);
            if (!divides)
                TensorPrimitives.Multiply(sums, (float)_plan.Scale, to);
            else if (denominator == 0)
                to.Clear();
            else
                TensorPrimitives.Divide(sums, denominator, to);
            FinalRow.Canonical(to);
            double logarithm = divides ? Math.Log(denominator) : 0;
            denominators[row] = double.IsNaN(logarithm) ? float.NaN : (float)logarithm;
        }
    }

    private struct Seen
    {
        public long Pairs;
        public double Cost;
    }
}
