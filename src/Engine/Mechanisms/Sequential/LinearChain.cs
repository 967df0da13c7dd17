using System.Runtime.InteropServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// Linear attention of the query heads that share a key head and a mask. The memory goes from query span to query span:
/// where a span sees all keys of the spans that the one before saw, and more, it goes on from there; otherwise it begins
/// anew. Spans are always added from the first to the last, so the bits do not tell which. In a block it begins with the memory
/// behind the nearest block whose keys it sees whole.
/// </summary>
internal sealed class LinearChain : ISequentialChain
{
    private readonly JobPlan _plan;
    private readonly AttentionInput _input;
    private readonly IAttentionSink _sink;
    private readonly WorkDone _done;
    private readonly int _batch, _keyHead, _firstHead, _heads, _panel;
    private readonly NativeBuffer _memories;
    private readonly SpanSums _sums;
    private readonly SpanView[] _views;
    private readonly ChainLink? _link;
    private readonly int _firstSpan, _endSpan;

    /// <summary>A chain.</summary>
    /// <param name="job">The job.</param>
    /// <param name="batch">Batch entry.</param>
    /// <param name="firstHead">First query head.</param>
    /// <param name="heads">Query heads; they share a key head and their masks.</param>
    /// <param name="panel">Query spans that are computed at a time.</param>
    /// <param name="link">What ties it to other blocks; null where there are none.</param>
    public LinearChain(SequentialJob job, int batch, int firstHead, int heads, int panel, ChainLink? link)
    {
        (_plan, _input, _sink, _done) = (job.Plan, job.Input, job.Sink, job.Done);
        (_batch, _firstHead, _heads, _panel) = (batch, firstHead, heads, panel);
        _keyHead = firstHead / _plan.Shape.Group;
        _memories = new NativeBuffer((nuint)(panel + 1) * SumFloats * sizeof(float));
        _sums = new SpanSums(_plan, _input, batch, _keyHead, panel);
        _views = [.. Enumerable.Range(0, panel + 1).Select(_ => new SpanView())];
        _link = link;
        (_firstSpan, _endSpan) = link is null ? (0, _plan.QueryGrid.Count) : (link.Block.FirstQuerySpan, link.Block.FirstQuerySpan + link.Block.QuerySpans);
    }

    private nuint SumFloats => FeatureSums.FloatsFor(_plan.Shape.KeyDim, _plan.Shape.ValueDim);

    public void Dispose()
    {
        _memories.Dispose();
        _sums.Dispose();
    }

    public async Task RunAsync(ICompute compute, CancellationToken cancellation)
    {
        // Heads of a group may have masks of their own, but they have the same keys.
        if (_link is not null && _firstHead % _plan.Shape.Group == 0 && !_link.HasGiven)
            await GiveAsync(_link, compute, cancellation).ConfigureAwait(false);
        for (int first = _firstSpan; first < _endSpan; first += _panel)
        {
            int count = Math.Min(_panel, _endSpan - first), from = first;
            await compute.RunAllAsync(
                Enumerable.Range(0, count).Select(i => (Action<ComputeScratch>)(_ => _views[i + 1].Look(_plan, _batch, _firstHead, from + i))), cancellation).ConfigureAwait(false);
            await RememberAsync(count, compute, cancellation).ConfigureAwait(false);
            await compute.RunAllAsync(
                Enumerable.Range(0, count).Select(i => (Action<ComputeScratch>)(scratch =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    using var span = new LinearSpan(_plan, _input, _batch, from + i, _views[i + 1], _sums);
                    for (int head = _firstHead; head < _firstHead + _heads; head++)
                        span.Compute(head, Memory(i + 1), _sink, _done, scratch);
                })), cancellation).ConfigureAwait(false);
            // The last memory of this panel is what the next one goes on from.
            Memory(0).CopyFrom(Memory(count));
            (_views[0], _views[count]) = (_views[count], _views[0]);
        }
    }

    /// <summary>Sums up the block's own keys, adds them to what comes from the block before it, and gives that to the others.</summary>
    private async Task GiveAsync(ChainLink link, ICompute compute, CancellationToken cancellation)
    {
        int[] own = [.. Enumerable.Range(link.Block.FirstKeySpan, link.Block.KeySpans)];
        foreach (int[] some in own.Take(_sums.SpansKept).Chunk(_panel))
            await _sums.MakeAsync(some, [], compute, cancellation).ConfigureAwait(false);
        await BeginAsync(0, link.Block.Index - 1, cancellation).ConfigureAwait(false);
        for (int i = 0; i < own.Length; i++)
        {
            if (!_sums.Has(own[i]))
                await _sums.MakeAsync(own.Skip(i), [], compute, cancellation).ConfigureAwait(false);
            Memory(0).Add(_sums.Of(own[i]));
        }
        link.Give(Numbers(0));
    }

    /// <summary>Makes the memories of a panel's spans: each from the one before, plus what it sees more.</summary>
    private async Task RememberAsync(int count, ICompute compute, CancellationToken cancellation)
    {
        var steps = new List<(int Memory, int Span)>();
        var begins = new int?[count + 1];
        for (int i = 1; i <= count; i++)
        {
            Span<int> before = CollectionsMarshal.AsSpan(_views[i - 1].Whole), now = CollectionsMarshal.AsSpan(_views[i].Whole);
            bool goesOn = before.Length > 0 && now.Length >= before.Length && now[..before.Length].SequenceEqual(before);
            int more = before.Length;
            if (!goesOn)
                (begins[i], more) = NearestTo(now);
            for (; more < now.Length; more++)
                steps.Add((i, now[more]));
        }
        HashSet<int> inChunks = [.. _views.Skip(1).Take(count).SelectMany(view => view.Partial)];
        int at = 0;
        for (int i = 1; i <= count; i++)
        {
            if (begins[i] is { } block)
                await BeginAsync(i, block, cancellation).ConfigureAwait(false);
            else
                Memory(i).CopyFrom(Memory(i - 1));
            for (; at < steps.Count && steps[at].Memory == i; at++)
            {
                if (!_sums.Has(steps[at].Span))
                    await _sums.MakeAsync(steps.Skip(at).Select(step => step.Span).Concat(inChunks), inChunks, compute, cancellation).ConfigureAwait(false);
                Memory(i).Add(_sums.Of(steps[at].Span));
            }
        }
        // Spans that are seen in part now are mostly seen whole by the next panel: their sums are made once for both.
        if (inChunks.Count <= _panel)
            await _sums.MakeAsync(inChunks.Order(), inChunks, compute, cancellation).ConfigureAwait(false);
    }

    /// <summary>The block behind which all keys are seen, as far as possible; −1 where there is none.</summary>
    /// <returns>It, and how many of the spans its memory holds.</returns>
    private (int Block, int Spans) NearestTo(Span<int> whole)
    {
        int first = 0;
        while (first < whole.Length && whole[first] == first)
            first++;
        return _link?.Nearest(EndOf, first) is { } block ? (block.Index, (int)EndOf(block)) : (-1, 0);
        static long EndOf(PlannedBlock block) => block.FirstKeySpan + block.KeySpans;
    }

    /// <summary>A memory begins with the one behind a block, or with nothing before the first.</summary>
    private async Task BeginAsync(int index, int block, CancellationToken cancellation)
    {
        if (block < 0)
        {
            Memory(index).Clear();
            return;
        }
        await _link!.HasAsync(block, cancellation).ConfigureAwait(false);
        _link.Read(block, Numbers(index));
    }

    private unsafe Span<float> Numbers(int index) => new(_memories.Floats + (nuint)index * SumFloats, (int)SumFloats);

    private unsafe FeatureSums Memory(int index) =>
        new(_memories.Floats + (nuint)index * SumFloats, _plan.Shape.KeyDim, _plan.Shape.ValueDim);
}
