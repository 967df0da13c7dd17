using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Masks;
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
    private readonly List<int>[] _whole;

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
        _whole = [.. Enumerable.Range(0, panel + 1).Select(_ => new List<int>())];
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
                Enumerable.Range(0, count).Select(i => (Action<ComputeScratch>)(_ => FindWhole(from + i, _whole[i + 1]))), cancellation).ConfigureAwait(false);
            await RememberAsync(count, compute, cancellation).ConfigureAwait(false);
            await compute.RunAllAsync(
                Enumerable.Range(0, count).Select(i => (Action<ComputeScratch>)(scratch =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    using var span = new LinearSpan(_plan, _input, _batch, _keyHead, from + i, _sums);
                    for (int head = _firstHead; head < _firstHead + _heads; head++)
                        span.Compute(head, Memory(i + 1), _sink, _done, scratch);
                })), cancellation).ConfigureAwait(false);
            // The last memory of this panel is what the next one goes on from.
            Memory(0).CopyFrom(Memory(count));
            (_whole[0], _whole[count]) = (_whole[count], _whole[0]);
        }
    }

    /// <summary>Makes the memories of a panel's spans: each from the one before, plus what it sees more.</summary>
    private async Task RememberAsync(int count, ICompute compute, CancellationToken cancellation)
    {
        var steps = new List<(int Memory, int Span)>();
        var begins = new bool[count + 1];
        for (int i = 1; i <= count; i++)
        {
            List<int> before = _whole[i - 1], now = _whole[i];
            bool goesOn = now.Count >= before.Count && System.Runtime.InteropServices.CollectionsMarshal.AsSpan(now)[..before.Count]
                .SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(before));
            begins[i] = !goesOn;
            steps.AddRange(now.Skip(goesOn ? before.Count : 0).Select(span => (i, span)));
        }
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
                    await _sums.MakeAsync(steps.Skip(at).Select(step => step.Span), compute, cancellation).ConfigureAwait(false);
                Memory(i).Add(_sums.Of(steps[at].Span));
            }
        }
    }

    private unsafe FeatureSums Memory(int index) =>
        new(_memories.Floats + (nuint)index * SumFloats, _plan.Shape.KeyDim, _plan.Shape.ValueDim);

    /// <summary>The key spans that a query span sees whole.</summary>
    private void FindWhole(int querySpan, List<int> whole)
    {
        whole.Clear();
        for (int span = 0; span < _plan.KeyGrid.Count; span++)
        {
            if (_plan.Masks.Classify(new MaskTile(_batch, _firstHead, _plan.QueryGrid[querySpan], _plan.KeyGrid[span])) == TileClass.Full)
                whole.Add(span);
        }
    }
}
