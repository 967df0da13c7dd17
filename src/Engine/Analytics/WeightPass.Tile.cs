using System.Numerics.Tensors;
using Distributed.Engine.Compute;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <content>What one thread does with a tile of rows.</content>
public sealed unsafe partial record WeightPass
{
    private const double Ln2 = 0.69314718055994530942;
    private const int TileStride = SpanGrid.MaxSpanRows;

    private void Walk(RowRange rows, KeyPanel panel, IReadOnlyList<IWeightSink> sinks, ComputeScratch scratch)
    {
        int heads = Queries.Heads, group = heads / Keys.Heads;
        nuint tileBytes = (nuint)TileRows * TileStride * sizeof(float);
        nuint kernelBytes = Aligned(Kernel.WorkspaceBytes(Queries.Dim, 1));
        nuint queryBytes = Aligned(Kernel.QueryBytes(TileRows, Queries.Dim));
        byte* memory = scratch.Workspace(
            kernelBytes + 2 * tileBytes + (nuint)heads * (queryBytes + TileRows * sizeof(float)));
        byte* workspace = memory;
        float* average = (float*)(memory += kernelBytes), ofHead = (float*)(memory += tileBytes);
        float* logSumExp = (float*)(memory += tileBytes);
        byte* packed = memory + (nuint)heads * TileRows * sizeof(float);

        var queries = stackalloc PackedQueries[heads];
        for (int head = 0; head < heads; head++)
        {
            queries[head] = Kernel.PackQueries(Queries.Slice(0, head, rows), Scale, packed + (nuint)head * queryBytes);
            ReadOnlySpan<float> natural =
                LogSumExp.Span.Slice(checked((int)(head * Queries.Rows + rows.Start)), rows.Count);
            for (int row = 0; row < rows.Count; row++)
                logSumExp[head * TileRows + row] = (float)(natural[row] / Ln2);
        }
        for (int span = panel.FirstSpan; span < panel.FirstSpan + panel.Spans; span++)
        {
            RowRange keys = panel.Grid[span];
            bool any = false;
            for (int head = 0; head < heads; head++)
            {
                var area = new MaskTile(0, head, rows, keys);
                TileClass seen = Mask.Classify(area);
                if (seen == TileClass.Skip)
                    continue;
                MaskWords? words = null;
                if (seen == TileClass.Partial)
                {
                    MaskWords bits = scratch.Words(rows.Count, keys.Count);
                    Mask.Apply(area, bits);
                    words = bits;
                }
                Kernel.Weights(
                    queries[head], panel[head / group, span], words, logSumExp + head * TileRows,
                    any ? ofHead : average, TileStride, workspace);
                if (any)
                    Add(average, ofHead, rows.Count, keys.Count);
                any = true;
            }
            if (!any)
                continue;
            if (heads > 1)
                Divide(average, heads, rows.Count, keys.Count);
            var tile = new WeightTile(average, TileStride, rows, keys);
            foreach (IWeightSink sink in sinks)
                sink.Take(tile);
        }
    }

    private static void Add(float* sum, float* other, int rows, int keys)
    {
        for (int row = 0; row < rows; row++)
        {
            var into = new Span<float>(sum + (nint)row * TileStride, keys);
            TensorPrimitives.Add(into, new ReadOnlySpan<float>(other + (nint)row * TileStride, keys), into);
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

    private static nuint Aligned(nuint bytes) => (bytes + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1);
}
