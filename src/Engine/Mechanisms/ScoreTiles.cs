using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms;

/// <summary>Scores of a job span by span, in base 2, for people who want to look at them; on one thread.</summary>
internal sealed unsafe class ScoreTiles : IDisposable
{
    private readonly JobPlan _plan;
    private readonly AttentionInput _input;
    private readonly PackedSpanCache _cache = new(CpuKernels.Best, 0);
    private readonly LaneContext _context;
    private readonly ScoredStates _states;

    public ScoreTiles(JobPlan plan, AttentionInput input)
    {
        (_plan, _input) = (plan, input);
        _context = new LaneContext(plan, input, CpuKernels.Best, _cache, new NoSink());
        _states = (ScoredStates)_context.States;
    }

    /// <summary>Writes the scores of a query span of a head against all keys, as far as <paramref name="kind"/> goes.</summary>
    public void Write(int batch, int head, int querySpan, ScoreKind kind, float* scores, nint stride)
    {
        int keyHead = head / _plan.Shape.Group;
        using LaneMemory memory = LaneMemory.Take(_context, batch, keyHead, [new LaneRows(querySpan, _plan.QueryGrid[querySpan])]);
        IKeyValueTile tile = new StoreTileSource(_input, _plan).Tile(0);
        using var words = new NativeBuffer((nuint)_plan.QueryGrid[querySpan].Count * (nuint)MaskWords.WordsFor(SpanGrid.MaxSpanRows) * sizeof(ulong));
        using var workspace = new NativeBuffer(_context.Kernel0.WorkspaceBytes(_plan.ScoreDim, 1));
        using var scratch = new ComputeScratch();
        for (int span = 0; span < _plan.KeyGrid.Count; span++)
        {
            var of = new MaskTile(batch, head, _plan.QueryGrid[querySpan], _plan.KeyGrid[span]);
            LaneMemory.Part part = memory.Of(0, head % _plan.Shape.Group);
            ScoreStage stage = default;
            bool staged = kind != ScoreKind.Raw && _plan.Scores.HasStage;
            MaskWords? mask = null;
            if (kind is ScoreKind.Masked or ScoreKind.Weights)
            {
                var bits = new MaskWords((ulong*)words.Pointer, of.Queries.Count, of.Keys.Count);
                bits.SetAll();
                _plan.Masks.Apply(of, bits);
                mask = bits;
            }
            using PackedSpanCache.Lease packed = _cache.Rent(tile, batch, keyHead, span, _plan);
            if (staged)
                stage = kind == ScoreKind.Softcap ? _states.SoftcapStage(of, part, packed.Keys, scratch) : _states.StageFor(of, part, packed.Keys, scratch);
            _context.KernelFor(head).Scores(
                new PackedQueries(part.Queries, of.Queries.Count, _plan.ScoreDim, staged ? &stage : null), packed.Keys, mask,
                scores + of.Keys.Start, stride, workspace.Pointer);
        }
    }

    public void Dispose() => _cache.Dispose();

    private sealed class NoSink : IAttentionSink
    {
        public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp) =>
            throw new NotSupportedException("Scores are looked at, and nothing is folded.");
    }
}
