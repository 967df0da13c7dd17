using Distributed.Kernels.Devices;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>
/// Cuts a fold into passes whose spans find room on the device together: each unit goes on, in its own order, as far as
/// the spans of the pass go.
/// </summary>
/// <param name="units">The units.</param>
/// <param name="mostSpans">Spans of a pass.</param>
internal sealed class StepWalk(IReadOnlyList<DeviceUnit> units, int mostSpans)
{
    private readonly int[] _next = new int[units.Count];

    /// <summary>The next pass; null when all steps are done.</summary>
    public Pass? Next()
    {
        var spans = new Dictionary<(int, int, int), DeviceSpan>();
        var ranges = new Range[units.Count];
        bool any = false;
        for (int unit = 0; unit < units.Count; unit++)
        {
            int first = _next[unit];
            IReadOnlyList<DeviceStep> steps = units[unit].Steps;
            while (_next[unit] < steps.Count && Takes(spans, steps[_next[unit]].Span))
                _next[unit]++;
            ranges[unit] = first.._next[unit];
            any |= _next[unit] > first;
        }
        return any ? new Pass([.. spans.Values], ranges) : null;
    }

    private bool Takes(Dictionary<(int, int, int), DeviceSpan> spans, DeviceSpan span)
    {
        (int, int, int) name = (span.Batch, span.KeyHead, span.KeySpan);
        if (spans.ContainsKey(name))
            return true;
        if (spans.Count == mostSpans)
            return false;
        spans.Add(name, span);
        return true;
    }

    /// <summary>One pass.</summary>
    /// <param name="Spans">Its spans.</param>
    /// <param name="Steps">Steps of each unit.</param>
    internal sealed record Pass(IReadOnlyList<DeviceSpan> Spans, Range[] Steps);
}
