using System.Runtime.CompilerServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// The delta rule of the query heads that share a key head. Keys are written some chunks at a time, strips of columns on
/// different threads; then rows read: the memory before the chunk that holds the last key they see, and that chunk's keys
/// one by one. Of a block it writes the block's keys into the memory of the block before, for rows of the block to read and for the
/// block behind; rows that see fewer or more keys than those read what the nearest block before their last key has left.
/// </summary>
internal sealed class DeltaChain : ISequentialChain
{
    private const int Chunk = FeatureSums.ChunkKeys;

    private readonly SequentialJob _job;
    private readonly JobPlan _plan;
    private readonly KeyLimits _limits;
    private readonly DeltaPanel _panel;
    private readonly ChainLink? _link;
    private readonly int _batch, _keyHead, _columns;
    private long _begun;

    public DeltaChain(SequentialJob job, int batch, int keyHead, ChainLink? link)
    {
        (_job, _plan, _batch, _keyHead, _link) = (job, job.Plan, batch, keyHead, link);
        _limits = _plan.KeyLimits!;
        _columns = FeatureRows.Padded(_plan.Shape.ValueDim);
        _panel = new DeltaPanel(_plan, job.Input, batch, keyHead);
    }

    public void Dispose() => _panel.Dispose();

    public Task RunAsync(ICompute compute, CancellationToken cancellation) => _link is null
        ? PassAsync(new Rows(0, _plan.Shape.QueryRows), 0, _plan.Shape.KeyRows, toEnd: false, compute, cancellation)
        : RunAsync(_link, compute, cancellation);

    private async Task RunAsync(ChainLink link, ICompute compute, CancellationToken cancellation)
    {
        (long first, long end) = (FirstKey(link.Block), EndOfKeys(link.Block));
        long query = RowOf(link.Block.FirstQuerySpan), last = RowOf(link.Block.FirstQuerySpan + link.Block.QuerySpans);
        long own = FirstBeyond(query, last, first), behind = FirstBeyond(own, last, end);
        if (own < behind || !link.HasGiven)
        {
            if (link.Block.Index == 0 || _limits.Starts(first))
                _panel.Begin().Clear();
            else
                await BeginAsync(link, link.Block.Index - 1, cancellation).ConfigureAwait(false);
            await PassAsync(new Rows(own, behind), first, end, toEnd: true, compute, cancellation).ConfigureAwait(false);
            link.Give(_panel.Last);
        }
        await ReadElsewhereAsync(link, new Rows(query, own), compute, cancellation).ConfigureAwait(false);
        await ReadElsewhereAsync(link, new Rows(behind, last), compute, cancellation).ConfigureAwait(false);
    }

    /// <summary>Computes rows that do not read among the block's own keys.</summary>
    private async Task ReadElsewhereAsync(ChainLink link, Rows rows, ICompute compute, CancellationToken cancellation)
    {
        if (rows.First == rows.End)
            return;
        (long first, long end) = _limits.Of(_batch, rows.First);
        if (link.Nearest(EndOfKeys, end) is { } block && EndOfKeys(block) > first)
        {
            await BeginAsync(link, block.Index, cancellation).ConfigureAwait(false);
            first = EndOfKeys(block);
        }
        else
        {
            // A memory begins anew there.
            _panel.Begin().Clear();
        }
        await PassAsync(rows, first, _plan.Shape.KeyRows, toEnd: false, compute, cancellation).ConfigureAwait(false);
    }

    private async Task BeginAsync(ChainLink link, int block, CancellationToken cancellation)
    {
        await link.HasAsync(block, cancellation).ConfigureAwait(false);
        link.Read(block, _panel.Begin());
    }

    /// <summary>Writes keys, and lets rows read as soon as their last key is written.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="key">The first key; the panel holds the memory before it.</param>
    /// <param name="end">The key behind the last.</param>
    /// <param name="toEnd">Whether keys are written when all rows have read.</param>
    /// <param name="compute">Where it computes.</param>
    /// <param name="cancellation">Stops it.</param>
    private async Task PassAsync(Rows rows, long key, long end, bool toEnd, ICompute compute, CancellationToken cancellation)
    {
        _begun = key;
        var reads = new List<Reading>();
        for (long row = rows.First; ; key = _panel.Chunks[^1].End)
        {
            row = FindReads(row, rows.End, reads);
            await compute.RunAllAsync(
                reads.Select(read => (Action<ComputeScratch>)(scratch =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    for (int member = 0; member < _plan.Shape.Group; member++)
                        Read(read, _keyHead * _plan.Shape.Group + member, scratch);
                })), cancellation).ConfigureAwait(false);
            if (row == rows.End && (!toEnd || key == end))
                return;
            await _panel.NextAsync(key, end, compute, cancellation).ConfigureAwait(false);
        }
    }

    private long RowOf(int querySpan) => querySpan < _plan.QueryGrid.Count ? _plan.QueryGrid[querySpan].Start : _plan.Shape.QueryRows;

    private long FirstKey(PlannedBlock block) => block.Index == 0 ? 0 : EndOfKeys(_plan.Blocks[block.Index - 1]);

    /// <summary>The end of a block's keys, moved to where a chunk begins: chunks are the same for any number of blocks.</summary>
    private long EndOfKeys(PlannedBlock block) => block.FirstKeySpan + block.KeySpans is var span && span < _plan.KeyGrid.Count
        ? Math.Min((_plan.KeyGrid[span].Start + Chunk - 1) / Chunk * Chunk, _plan.Shape.KeyRows)
        : _plan.Shape.KeyRows;

    /// <summary>The first row that sees a key beyond some end.</summary>
    private long FirstBeyond(long first, long last, long end)
    {
        while (first < last)
        {
            long middle = (first + last) / 2;
            if (_limits.Of(_batch, middle).End > end)
                last = middle;
            else
                first = middle + 1;
        }
        return first;
    }

    /// <summary>Lists the rows whose last key is in the chunks that there are, and those that see no key.</summary>
    /// <returns>The row behind them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long FindReads(long row, long last, List<Reading> reads)
    {
        reads.Clear();
        int chunk = 0;
        while (row < last && PlaceOf(row, ref chunk) is { } place)
        {
            int count = 1;
            while (count < Chunk && row + count < last && PlaceOf(row + count, ref chunk) == place)
                count++;
            reads.Add(new Reading(new RowRange(row, count), place));
            row += count;
        }
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Place? PlaceOf(long row, ref int chunk)
    {
        (long first, long end) = _limits.Of(_batch, row);
        if (first == end)
            return new Place(null, false);
        if (_panel.Chunks.Count == 0)
            return end == _begun ? new Place(-1, true) : null;
        while (chunk < _panel.Chunks.Count && _panel.Chunks[chunk].End < end)
            chunk++;
        if (chunk == _panel.Chunks.Count)
            return null;
        bool whole = _panel.Chunks[chunk].End == end;
        // The memory behind a chunk is that before the next, which rows read that see some of its keys: they are read together.
        return whole && chunk + 1 < _panel.Chunks.Count && _panel.Before(chunk + 1) is not null ? new Place(chunk + 1, false) : new Place(chunk, whole);
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
        _job.Done.Folded(pairs, rows.Count * _plan.CostOfRow);
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
    /// <param name="Chunk">The chunk, −1 for the keys before the first; null where the row sees no key.</param>
    /// <param name="Whole">Whether it is the chunk's last.</param>
    private readonly record struct Place(int? Chunk, bool Whole);

    /// <summary>Consecutive query rows.</summary>
    private readonly record struct Rows(long First, long End);

    /// <summary>Rows that are read at a time, at most a chunk's worth.</summary>
    private readonly record struct Reading(RowRange Rows, Place Place);
}
