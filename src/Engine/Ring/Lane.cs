using System.Runtime.InteropServices;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.States;

namespace Distributed.Engine.Ring;

/// <summary>
/// The part of a block that one thread advances at a time: some query rows of all the query heads that share a key head
/// of one batch entry. For each query span it knows its position in the canonical order: what comes before it has been
/// folded, once; what comes behind it has not. It takes memory with its first fold and gives it back with its last.
/// </summary>
internal sealed class Lane : IDisposable
{
    private readonly LaneContext _context;
    private readonly LaneRows[] _rows;
    private readonly int[] _positions;
    private readonly int _batch;
    private readonly int _keyHead;
    private readonly Lock _lock = new();
    private LaneMemory? _memory;
    private volatile bool _finished;

    public Lane(LaneContext context, int batch, int keyHead, LaneRows[] rows)
    {
        _context = context;
        _batch = batch;
        _keyHead = keyHead;
        _rows = rows;
        _positions = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
            SkipMasked(i);
    }

    /// <summary>Whether every row has been written.</summary>
    public bool Finished => _finished;

    /// <summary>Estimated cost, for putting long lanes first.</summary>
    public double Cost => _rows.Sum(rows => _context.Plan.SpanCosts[rows.QuerySpan] * rows.Rows.Count / _context.Plan.QueryGrid[rows.QuerySpan].Count);

    /// <summary>Whether some row's next key span lies in the tile of <paramref name="block"/>.</summary>
    public bool Needs(PlannedBlock block)
    {
        lock (_lock)
            return !_finished && (AllFolded() || NextIn(block) >= 0);
    }

    /// <summary>
    /// Folds what comes next, as far as the tile has it. A tile that was already folded, or that lies behind a gap, leaves
    /// everything as it is.
    /// </summary>
    public void Absorb(IKeyValueTile tile, ComputeScratch scratch, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_finished)
                return;
            PlannedBlock block = _context.Plan.Blocks[tile.Block];
            FoldOnDevice(block, tile, scratch, cancellation);
            for (int keySpan = NextIn(block); keySpan >= 0; keySpan = NextIn(block))
            {
                _memory ??= LaneMemory.Take(_context, _batch, _keyHead, _rows);
                if (_context.States.FoldsInPlace)
                {
                    FoldRows(keySpan, null, tile, scratch, cancellation);
                    continue;
                }
                using PackedSpanCache.Lease packed = _context.Cache.Rent(tile, _batch, _keyHead, keySpan, _context.Plan);
                FoldRows(keySpan, packed, tile, scratch, cancellation);
            }
            if (AllFolded())
                Finish(scratch);
        }
    }

    /// <summary>
    /// Whether some row still has to fold something of the tile of <paramref name="block"/>, now or after other tiles.
    /// </summary>
    public bool WillNeed(PlannedBlock block)
    {
        lock (_lock)
        {
            for (int i = 0; i < _rows.Length; i++)
            {
                for (int span = block.FirstKeySpan; span < block.FirstKeySpan + block.KeySpans; span++)
                {
                    if (_context.Plan.Order.PositionOf(_rows[i].QuerySpan, span) >= _positions[i]
                        && !SkippedByAllHeads(i, span))
                        return true;
                }
            }
            return false;
        }
    }

    /// <summary>Writes the positions and states: all that another lane of the same rows needs to go on from here.</summary>
    public void Save(CheckpointWriter writer)
    {
        lock (_lock)
        {
            writer.Write(_batch);
            writer.Write(_keyHead);
            writer.Write(_rows.Length);
            for (int i = 0; i < _rows.Length; i++)
            {
                writer.Write(_rows[i].Rows.Start);
                writer.Write(_rows[i].Rows.Count);
                writer.Write(_positions[i]);
            }
            writer.Write(_memory is null ? 0 : 1);
            for (int i = 0; _memory is not null && i < _rows.Length * _context.Plan.Shape.Group; i++)
            {
                writer.Write(_memory.StateNumbers(i));
                writer.Write(MemoryMarshal.AsBytes(_memory.StatisticsNumbers(i)));
            }
        }
    }

    /// <summary>Takes over what <see cref="Save"/> wrote for a lane of the same rows.</summary>
    /// <exception cref="InvalidDataException">It is of other rows.</exception>
    public void Restore(CheckpointReader reader)
    {
        lock (_lock)
        {
            reader.Expect(_batch, "batch entry");
            reader.Expect(_keyHead, "key head");
            reader.Expect(_rows.Length, "number of row groups");
            for (int i = 0; i < _rows.Length; i++)
            {
                reader.Expect(_rows[i].Rows.Start, "first row");
                reader.Expect(_rows[i].Rows.Count, "number of rows");
                _positions[i] = reader.ReadInt32();
            }
            if (reader.ReadInt32() == 0)
                return;
            _memory ??= LaneMemory.Take(_context, _batch, _keyHead, _rows);
            for (int i = 0; i < _rows.Length * _context.Plan.Shape.Group; i++)
            {
                reader.Read(_memory.StateNumbers(i));
                reader.Read(MemoryMarshal.AsBytes(_memory.StatisticsNumbers(i)));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _memory?.Dispose();
            _memory = null;
        }
    }

    /// <summary>
    /// Hands all that the tile has for the lane to the job's device, if it has one. What the device does not do is left
    /// where it was.
    /// </summary>
    private void FoldOnDevice(PlannedBlock block, IKeyValueTile tile, ComputeScratch scratch, CancellationToken cancellation)
    {
        if (_context.Device is not { } device || NextIn(block) < 0)
            return;
        _memory ??= LaneMemory.Take(_context, _batch, _keyHead, _rows);
        using var fold = new DeviceLaneFold(_context, _memory, _rows, _batch, _keyHead);
        int[] before = [.. _positions];
        for (int i = 0; i < _rows.Length; i++)
        {
            for (int span = NextSpan(i); span >= block.FirstKeySpan && span < block.FirstKeySpan + block.KeySpans; span = NextSpan(i))
            {
                fold.Add(i, span, tile, scratch);
                _positions[i]++;
                SkipMasked(i);
            }
        }
        bool done = false;
        try
        {
            DeviceFold work = fold.Make(scratch);
            done = device.TryFold(work, cancellation);
            if (done)
            {
                _context.Folded(work.PairsSeen, fold.Cost);
                EngineMetrics.Folded(fold.Full, fold.Partial, work.PairsSeen, _context.Plan.Shape.FlopsPerPair);
            }
        }
        finally
        {
            if (!done)
                before.CopyTo(_positions, 0);
        }
    }

    private void FoldRows(
        int keySpan, PackedSpanCache.Lease? packed, IKeyValueTile tile, ComputeScratch scratch, CancellationToken cancellation)
    {
        for (int i = 0; i < _rows.Length; i++)
        {
            if (NextSpan(i) != keySpan)
                continue;
            cancellation.ThrowIfCancellationRequested();
            Fold(i, keySpan, packed, tile, scratch);
            _positions[i]++;
            SkipMasked(i);
        }
    }

    private void Fold(
        int index, int keySpan, PackedSpanCache.Lease? packed, IKeyValueTile source, ComputeScratch scratch)
    {
        int group = _context.Plan.Shape.Group;
        LaneFold Of(int member) => new(
            _batch, _keyHead * group + member, _keyHead, _rows[index], keySpan, packed, source, _memory!.Of(index, member));
        if (_context.States.FoldsHeadsTogether)
        {
            Count(_context.States.FoldTogether(Of(0), _memory!, index, scratch));
            return;
        }
        for (int member = 0; member < group; member++)
        {
            if (_context.States.Fold(Of(member), scratch) is { } folded)
                Count(folded);
        }
    }

    private void Count(FoldedTile folded)
    {
        _context.Folded(folded.Pairs, folded.Cost);
        EngineMetrics.Folded(folded.Whole, folded.Partial, folded.Pairs, _context.Plan.Shape.FlopsPerPair);
    }

    private void Finish(ComputeScratch scratch)
    {
        _memory ??= LaneMemory.Take(_context, _batch, _keyHead, _rows);
        AttentionShape shape = _context.Plan.Shape;
        for (int index = 0; index < _rows.Length; index++)
        {
            int rows = _rows[index].Rows.Count;
            for (int member = 0; member < shape.Group; member++)
            {
                int queryHead = _keyHead * shape.Group + member;
                Span<float> all = scratch.Numbers(rows * (shape.ValueDim + 1));
                Span<float> output = all[..(rows * shape.ValueDim)], lse = all[output.Length..];
                _context.States.Finish(_rows[index], _batch, queryHead, _memory.Of(index, member), output, lse, scratch);
                _context.Sink.Write(_batch, queryHead, _rows[index].Rows.Start, output, lse);
                if (_context.Plan.Statistics is not null)
                    FinishStatistics(index, member, scratch);
            }
        }
        if (!_context.KeepStates)
            Dispose();
        _finished = true;
    }

    private void FinishStatistics(int index, int member, ComputeScratch scratch)
    {
        int head = _keyHead * _context.Plan.Shape.Group + member;
        ReadOnlySpan<double> sums = _memory!.StatisticsNumbers(index * _context.Plan.Shape.Group + member);
        int rows = sums.Length / RowStatistics.SumsPerRow;
        Span<float> results = scratch.Numbers(rows * RowStatistics.ResultsPerRow);
        for (int row = 0; row < rows; row++)
        {
            RowStatistics.Finish(
                sums.Slice(row * RowStatistics.SumsPerRow, RowStatistics.SumsPerRow), _context.Plan.Scores.SinkOf(head),
                results[(row * RowStatistics.ResultsPerRow)..]);
        }
        ((IRowStatisticsSink)_context.Sink).WriteStatistics(_batch, head, _rows[index].Rows.Start, results);
    }

    /// <summary>The key span that row group <paramref name="index"/> folds next; −1 when there is none left.</summary>
    private int NextSpan(int index) => _positions[index] >= _context.Plan.Order.KeySpans
        ? -1
        : _context.Plan.Order.KeySpanAt(_rows[index].QuerySpan, _positions[index]);

    /// <summary>The rightmost key span of the block's tile that some rows fold next; −1 when there is none.</summary>
    private int NextIn(PlannedBlock block)
    {
        int next = -1;
        for (int i = 0; i < _rows.Length; i++)
        {
            int span = NextSpan(i);
            if (span >= block.FirstKeySpan && span < block.FirstKeySpan + block.KeySpans)
                next = Math.Max(next, span);
        }
        return next;
    }

    private bool AllFolded()
    {
        for (int i = 0; i < _rows.Length; i++)
        {
            if (NextSpan(i) >= 0)
                return false;
        }
        return true;
    }

    private void SkipMasked(int index)
    {
        while (NextSpan(index) is >= 0 and int span && SkippedByAllHeads(index, span))
            _positions[index]++;
    }

    private bool SkippedByAllHeads(int index, int keySpan)
    {
        int group = _context.Plan.Shape.Group;
        for (int member = 0; member < group; member++)
        {
            var tile = new MaskTile(
                _batch, _keyHead * group + member, _rows[index].Rows, _context.Plan.KeyGrid[keySpan]);
            if (_context.Plan.Masks.Classify(tile) != TileClass.Skip)
                return false;
        }
        return true;
    }
}
