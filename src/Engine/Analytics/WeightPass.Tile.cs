using System.Numerics.Tensors;
using Distributed.Engine.Compute;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <content>What one thread does with a tile of rows.</content>
public sealed unsafe partial class WeightPass
{
    // A cache line more than a span, so that the rows of a cell do not fall into the same set of the first-level cache.
    private const int TileStride = SpanGrid.MaxSpanRows + 16;

    private void Walk(RowRange rows, KeyPanel panel, WantedPlanes wanted, ComputeScratch scratch)
    {
        int heads = weights.Shape.QueryHeads;
        nuint tileBytes = (nuint)TileRows * TileStride * sizeof(float), queryBytes = weights.QueryBytes(TileRows);
        byte* workspace = scratch.Workspace(
            weights.WorkspaceBytes + 3 * tileBytes + (nuint)heads * (queryBytes + TileRows * sizeof(float)));
        float* ofHead = (float*)(workspace + weights.WorkspaceBytes);
        float* mean = ofHead + TileRows * TileStride, max = mean + TileRows * TileStride;
        float* logSumExp = max + TileRows * TileStride;
        var packed = (byte*)(logSumExp + heads * TileRows);
        var queries = stackalloc PackedQueries[heads];
        var ready = stackalloc bool[heads];
        for (int span = 0; span < panel.Spans.Count; span++)
        {
            RowRange keys = panel.Spans[span];
            bool any = false;
            for (int head = 0; head < heads; head++)
            {
                var area = new MaskTile(panel.Batch, head, rows, keys);
                if (!wanted.Wants(head) || weights.Hides(area))
                    continue;
                if (!ready[head])
                {
                    queries[head] = weights.PackQueries(panel.Batch, head, rows, packed + (nuint)head * queryBytes);
                    JobWeights.ToBase2(LogSumExpOf(panel.Batch, head, rows), logSumExp + head * TileRows);
                    ready[head] = true;
                }
                // Where nobody wants the head by itself, the first of them is the beginning of the mean.
                bool straight = !any && wanted.ByHead[head].Length == 0 && wanted.Max.Length == 0;
                float* to = straight ? mean : ofHead;
                weights.TryCompute(
                    area, queries[head], panel[head / weights.Shape.Group, span], logSumExp + head * TileRows, to, TileStride,
                    workspace, scratch);
                Give(wanted.ByHead[head], ofHead, rows, keys);
                if (wanted.Mean.Length > 0 && !straight)
                    Combine(mean, ofHead, rows.Count, keys.Count, any ? TensorPrimitives.Add : null);
                if (wanted.Max.Length > 0)
                    Combine(max, ofHead, rows.Count, keys.Count, any ? TensorPrimitives.Max : null);
                any = true;
            }
            if (!any)
                continue;
            if (wanted.Mean.Length > 0 && heads > 1)
                Divide(mean, heads, rows.Count, keys.Count);
            Give(wanted.Mean, mean, rows, keys);
            Give(wanted.Max, max, rows, keys);
        }
    }

    private delegate void Combination(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination);

    private ReadOnlySpan<float> LogSumExpOf(int batch, int head, RowRange rows) => logSumExp.Span.Slice(
        checked((int)(((long)batch * weights.Shape.QueryHeads + head) * weights.Shape.QueryRows + rows.Start)), rows.Count);

    private static void Give(IWeightSink[] sinks, float* of, RowRange rows, RowRange keys)
    {
        var tile = new WeightTile(of, TileStride, rows, keys);
        foreach (IWeightSink sink in sinks)
            sink.Take(tile);
    }

    private static void Combine(float* with, float* other, int rows, int keys, Combination? combination)
    {
        for (int row = 0; row < rows; row++)
        {
            var into = new Span<float>(with + (nint)row * TileStride, keys);
            var from = new ReadOnlySpan<float>(other + (nint)row * TileStride, keys);
            if (combination is null)
                from.CopyTo(into);
            else
                combination(into, from, into);
        }
    }

    private static void Divide(float* sum, int heads, int rows, int keys)
    {
        for (int row = 0; row < rows; row++)
        {
            var of = new Span<float>(sum + (nint)row * TileStride, keys);
            TensorPrimitives.Divide(of, heads, of);
        }
    }
}
