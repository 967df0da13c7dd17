using System.Runtime.InteropServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// Linear attention of the query heads that share a key head and a mask. The memory goes from query span to query span:
/// where a span sees all keys of the spans that the one before saw, and more, it goes on from there; otherwise it begins
/// anew. Spans are always added from the first to the last, so the bits do not tell which.
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

    /// <summary>A chain.</summary>
    /// <param name="job">The job.</param>
    /// <param name="batch">Batch entry.</param>
    /// <param name="firstHead">First query head.</param>
    /// <param name="heads">Query heads; they share a key head and their masks.</param>
    /// <param name="panel">Query spans that are computed at a time.</param>
    public LinearChain(SequentialJob job, int batch, int firstHead, int heads, int panel)
    {
        (_plan, _input, _sink, _done) = (job.Plan, job.Input, job.Sink, job.Done);
        (_batch, _firstHead, _heads, _panel) = (batch, firstHead, heads, panel);
        _keyHead = firstHead / _plan.Shape.Group;
        _memories = new NativeBuffer((nuint)(panel + 1) * SumFloats * sizeof(float));
        _sums = new SpanSums(_plan, _input, batch, _keyHead, panel);
        _views = [.. Enumerable.Range(0, panel + 1).Select(_ => new SpanView())];
    }

    private nuint SumFloats => FeatureSums.FloatsFor(_plan.Shape.KeyDim, _plan.Shape.ValueDim);

    public void Dispose()
    {
        _memories.Dispose();
        _sums.Dispose();
    }

    public async Task RunAsync(ICompute compute, CancellationToken cancellation)
    {
        Memory(0).Clear();
        for (int first = 0; first < _plan.QueryGrid.Count; first += _panel)
        {
            int count = Math.Min(_panel, _plan.QueryGrid.Count - first), from = first;
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

    /// <summary>Makes the memories of a panel's spans: each from the one before, plus what it sees more.</summary>
    private async Task RememberAsync(int count, ICompute compute, CancellationToken cancellation)
    {
        var steps = new List<(int Memory, int Span)>();
        var begins = new bool[count + 1];
        for (int i = 1; i <= count; i++)
        {
            Span<int> before = CollectionsMarshal.AsSpan(_views[i - 1].Whole), now = CollectionsMarshal.AsSpan(_views[i].Whole);
            bool goesOn = now.Length >= before.Length && now[..before.Length].SequenceEqual(before);
            begins[i] = !goesOn;
            for (int more = goesOn ? before.Length : 0; more < now.Length; more++)
                steps.Add((i, now[more]));
        }
        HashSet<int> inChunks = [.. _views.Skip(1).Take(count).SelectMany(view => view.Partial)];
        int at = 0;
        for (int i = 1; i <= count; i++)
        {
            if (begins[i])
                Memory(i).Clear();
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

    private unsafe FeatureSums Memory(int index) =>
        new(_memories.Floats + (nuint)index * SumFloats, _plan.Shape.KeyDim, _plan.Shape.ValueDim);
}
