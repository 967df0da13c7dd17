using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Compute;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Some rows on their way along the keys of a panel, on one thread. A tile of weights is small enough to be in the
/// first-level cache still when sinks look at it, and the keys of a tile are used for all rows of the strip before the next.
/// </summary>
internal sealed unsafe class WeightStrip
{
    /// <summary>Most rows of a strip: their packed queries stay in the second-level cache.</summary>
    public const int MostRows = 256;

    private const int TileRows = WeightPass.TileRows, TileKeys = WeightPass.TileKeys, TileNumbers = TileRows * TileKeys, Lanes = 16;
    private const int TilesInSpan = SpanGrid.MaxSpanRows / TileKeys;

    private readonly JobWeights _weights;
    private readonly KeyPanel _panel;
    private readonly HeadSet _set;
    private readonly RowRange _rows;
    private readonly ComputeScratch _scratch;
    private readonly byte* _workspace, _packed;
    private readonly float* _ofHead, _mean, _max, _logSumExp;
    private readonly PackedQueries?[] _queries;
    private readonly TileColumns _columns = new();
    private readonly TileClass[] _spanSeen;
    private readonly nuint _queryBytes;
    private long _firstKnown, _known;

    /// <summary>Takes the thread's memory.</summary>
    /// <param name="weights">The job's weights.</param>
    /// <param name="panel">The keys.</param>
    /// <param name="set">The heads.</param>
    /// <param name="rows">The rows, at most <see cref="MostRows"/>.</param>
    /// <param name="scratch">Memory of the thread.</param>
    public WeightStrip(JobWeights weights, KeyPanel panel, HeadSet set, RowRange rows, ComputeScratch scratch)
    {
        (_weights, _panel, _set, _rows, _scratch) = (weights, panel, set, rows, scratch);
        int tiles = (rows.Count + TileRows - 1) / TileRows * set.Heads.Length;
        _queryBytes = weights.QueryBytes(TileRows);
        _workspace = scratch.Workspace(
            weights.WorkspaceBytes + 3 * TileNumbers * sizeof(float) + (nuint)tiles * (_queryBytes + TileRows * sizeof(float)));
        _ofHead = (float*)(_workspace + weights.WorkspaceBytes);
        _mean = _ofHead + TileNumbers;
        _max = _mean + TileNumbers;
        _logSumExp = _max + TileNumbers;
        _packed = (byte*)(_logSumExp + tiles * TileRows);
        _queries = new PackedQueries?[tiles];
        _spanSeen = new TileClass[set.Heads.Length];
    }

    /// <summary>Hands all its weights to the sinks.</summary>
    /// <param name="logSumExp">LSE <c>[B, Hq, rows]</c> of the job, natural log.</param>
    /// <param name="firstRow">The first of those rows.</param>
    /// <param name="rows">How many there are.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Walk(ReadOnlySpan<float> logSumExp, long firstRow, long rows)
    {
        (_firstKnown, _known) = (firstRow, rows);
        for (int first = 0, end; first < _panel.Parts.Count; first = end)
        {
            end = Math.Min(first + TilesInSpan, _panel.Parts.Count);
            long start = _panel.Parts[first].Start;
            if (!SeesAny(new RowRange(start, (int)(_panel.Parts[end - 1].End - start))))
                continue;
            for (int part = first; part < end; part++)
            {
                for (int row = 0; row < _rows.Count; row += TileRows)
                    Tile(new RowRange(_rows.Start + row, Math.Min(TileRows, _rows.Count - row)), part, logSumExp);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool SeesAny(RowRange keys)
    {
        bool any = false;
        for (int i = 0; i < _spanSeen.Length; i++)
        {
            _spanSeen[i] = _weights.Classify(new MaskTile(_panel.Batch, _set.Heads[i], _rows, keys));
            any |= _spanSeen[i] != TileClass.Skip;
        }
        return any;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tile(RowRange rows, int part, ReadOnlySpan<float> logSumExp)
    {
        RowRange keys = _panel.Parts[part];
        bool any = false;
        for (int i = 0; i < _set.Heads.Length; i++)
        {
            int head = _set.Heads[i];
            var area = new MaskTile(_panel.Batch, head, rows, keys);
            TileClass seen = _spanSeen[i] == TileClass.Partial ? _weights.Classify(area) : _spanSeen[i];
            if (seen == TileClass.Skip)
                continue;
            int index = (int)(rows.Start - _rows.Start) / TileRows * _set.Heads.Length + i;
            PackedQueries queries = _queries[index] ??= Pack(index, head, rows, logSumExp);
            // Where nobody wants the head by itself, the first of them is the beginning of the mean.
            bool straight = !any && _set.ByHead[i].Length == 0 && _set.Max.Length == 0;
            float* to = straight ? _mean : _ofHead;
            _weights.Compute(
                area, seen, queries, _panel[head / _weights.Shape.Group, part], _logSumExp + index * TileRows, to, TileKeys,
                _workspace, _scratch);
            Give(_set.ByHead[i], _ofHead, rows, keys);
            int numbers = rows.Count * TileKeys;
            if (_set.Mean.Length > 0 && !straight)
                Add(_mean, _ofHead, numbers, any);
            if (_set.Max.Length > 0)
                Raise(_max, _ofHead, numbers, any);
            any = true;
        }
        if (!any)
            return;
        if (_set.Mean.Length > 0 && _set.Heads.Length > 1)
            Divide(_mean, rows.Count * TileKeys, _set.Heads.Length);
        Give(_set.Mean, _mean, rows, keys);
        Give(_set.Max, _max, rows, keys);
    }

    private PackedQueries Pack(int index, int head, RowRange rows, ReadOnlySpan<float> logSumExp)
    {
        long first = ((long)_panel.Batch * _weights.Shape.QueryHeads + head) * _known + rows.Start - _firstKnown;
        JobWeights.ToBase2(logSumExp.Slice(checked((int)first), rows.Count), _logSumExp + index * TileRows);
        return _weights.PackQueries(_panel.Batch, head, rows, _packed + (nuint)index * _queryBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Give(IWeightSink[] sinks, float* of, RowRange rows, RowRange keys)
    {
        _columns.Forget();
        var tile = new WeightTile(of, TileKeys, rows, keys, _columns);
        foreach (IWeightSink sink in sinks)
            sink.Take(tile);
    }

    // Rows are whole in these, with what lies behind their last key, which nobody reads.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* sum, float* of, int numbers, bool any)
    {
        for (int i = 0; i < numbers; i += Lanes)
            (any ? Vector512.LoadAligned(sum + i) + Vector512.LoadAligned(of + i) : Vector512.LoadAligned(of + i)).StoreAligned(sum + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Raise(float* max, float* of, int numbers, bool any)
    {
        for (int i = 0; i < numbers; i += Lanes)
            (any ? Vector512.Max(Vector512.LoadAligned(max + i), Vector512.LoadAligned(of + i)) : Vector512.LoadAligned(of + i)).StoreAligned(max + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Divide(float* sum, int numbers, float heads)
    {
        for (int i = 0; i < numbers; i += Lanes)
            (Vector512.LoadAligned(sum + i) / heads).StoreAligned(sum + i);
    }
}
