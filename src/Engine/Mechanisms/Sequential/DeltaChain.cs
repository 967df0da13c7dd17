using System.Runtime.CompilerServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// The delta rule of the query heads that share a key head. Keys are written some chunks at a time, strips of columns on
/// different threads; then rows read: the memory before the chunk that holds the last key they see, and that chunk's keys
/// one by one.
/// </summary>
internal sealed class DeltaChain : ISequentialChain
{
    private const int Chunk = FeatureSums.ChunkKeys;

    private readonly SequentialJob _job;
    private readonly JobPlan _plan;
    private readonly KeyLimits _limits;
    private readonly DeltaPanel _panel;
    private readonly int _batch, _keyHead, _columns;

    public DeltaChain(SequentialJob job, int batch, int keyHead)
    {
        (_job, _plan, _batch, _keyHead) = (job, job.Plan, batch, keyHead);
        _limits = _plan.KeyLimits!;
        _columns = FeatureRows.Padded(_plan.Shape.ValueDim);
        _panel = new DeltaPanel(_plan, job.Input, batch, keyHead);
    }

    public void Dispose() => _panel.Dispose();

    public async Task RunAsync(ICompute compute, CancellationToken cancellation)
    {
        var reads = new List<Reading>();
        for (long row = 0, key = 0; ; key = _panel.Chunks[^1].End)
        {
            row = FindReads(row, reads);
            await compute.RunAllAsync(
                reads.Select(read => (Action<ComputeScratch>)(scratch =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    for (int member = 0; member < _plan.Shape.Group; member++)
                        Read(read, _keyHead * _plan.Shape.Group + member, scratch);
                })), cancellation).ConfigureAwait(false);
            if (row == _plan.Shape.QueryRows)
                return;
            await _panel.NextAsync(key, compute, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Lists the rows whose last key is in the chunks that there are, and those that see no key.</summary>
    /// <returns>The row behind them.</returns>
    private long FindReads(long row, List<Reading> reads)
    {
        reads.Clear();
        int chunk = 0;
        while (row < _plan.Shape.QueryRows && PlaceOf(row, ref chunk) is { } place)
        {
            int count = 1;
            while (count < Chunk && row + count < _plan.Shape.QueryRows && PlaceOf(row + count, ref chunk) == place)
                count++;
            reads.Add(new Reading(new RowRange(row, count), place));
            row += count;
        }
        return row;
    }

    private Place? PlaceOf(long row, ref int chunk)
    {
        (long first, long end) = _limits.Of(_batch, row);
        if (first == end)
            return new Place(null, false);
        while (chunk < _panel.Chunks.Count && _panel.Chunks[chunk].End < end)
            chunk++;
        return chunk < _panel.Chunks.Count ? new Place(chunk, _panel.Chunks[chunk].End == end) : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Read(Reading reading, int head, ComputeScratch scratch)
    {
        RowRange rows = reading.Rows;
        int dim = _plan.Shape.KeyDim, padded = FeatureRows.Padded(dim);
        var queries = (float*)scratch.Workspace((nuint)(Chunk * (2 * padded + Chunk + _columns + 1)) * sizeof(float));
        float* prepared = queries + Chunk * padded, weights = prepared + Chunk * padded, output = weights + Chunk * Chunk, logarithms = output + Chunk * _columns;
        new Span<float>(output, Chunk * (_columns + 1)).Clear();
        long pairs = 0;
        if (reading.Place.Chunk is { } chunk)
        {
            TensorRows source = _job.Input.Queries.Slice(_batch, head, rows);
            source = _plan.Rows.Queries?.Prepare(source, _batch, head, rows.Start, prepared) ?? source;
            FeatureRows.Map(source, _plan.Mechanism.Features, _plan.Mechanism.FeatureSums, queries);
            if (reading.Place.Whole)
                _panel.After(chunk).Apply(queries, padded, 1, rows.Count, output, _columns);
            else
                ReadPart(chunk, rows, queries, weights, output, scratch);
            for (int row = 0; row < rows.Count; row++)
            {
                (long first, long end) = _limits.Of(_batch, rows.Start + row);
                pairs += end - first;
            }
        }
        OutputRows.Multiply(output, rows.Count, _plan.Shape.ValueDim, (float)_plan.Scale);
        _job.Sink.Write(
            _batch, head, rows.Start, new ReadOnlySpan<float>(output, rows.Count * _plan.Shape.ValueDim), new ReadOnlySpan<float>(logarithms, rows.Count));
        _job.Done.Folded(pairs, pairs);
    }

    /// <summary>Reads for rows whose last key is within a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void ReadPart(int chunk, RowRange rows, float* queries, float* weights, float* output, ComputeScratch scratch)
    {
        RowRange keys = _panel.Chunks[chunk];
        int dim = _plan.Shape.KeyDim;
        _panel.Before(chunk)?.Apply(queries, FeatureRows.Padded(dim), 1, rows.Count, output, _columns);
        MaskWords words = scratch.Words(rows.Count, keys.Count);
        for (int row = 0; row < rows.Count; row++)
            words.KeepRange(row, 0, _limits.Of(_batch, rows.Start + row).End - keys.Start);
        MaskedProducts.Weights(queries, _panel.Keys(chunk), dim, words, weights);
        MaskedProducts.AddValues(weights, _panel.Written(chunk), _columns, _panel.Finite(chunk), _columns, words, output);
    }

    /// <summary>Where the last key of a row is.</summary>
    /// <param name="Chunk">The chunk; null where the row sees no key.</param>
    /// <param name="Whole">Whether it is the chunk's last.</param>
    private readonly record struct Place(int? Chunk, bool Whole);

    /// <summary>Rows that are read at a time, at most a chunk's worth.</summary>
    private readonly record struct Reading(RowRange Rows, Place Place);
}
