using System.Runtime.CompilerServices;
using Distributed.Engine.Plan;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>Which key spans a query span sees whole, and which in part.</summary>
internal sealed class SpanView
{
    /// <summary>Key spans that all rows see whole, ascending.</summary>
    public List<int> Whole { get; } = [];

    /// <summary>Key spans that some row sees, and some row does not see whole.</summary>
    public List<int> Partial { get; } = [];

    /// <summary>Pairs of a row and a key of the whole ones.</summary>
    public long Pairs { get; private set; }

    /// <summary>Looks at another query span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Look(JobPlan plan, int batch, int head, int querySpan)
    {
        Pairs = 0;
        Whole.Clear();
        Partial.Clear();
        RowRange rows = plan.QueryGrid[querySpan];
        for (int span = 0; span < plan.KeyGrid.Count; span++)
        {
            long area = (long)rows.Count * plan.KeyGrid[span].Count;
            switch (plan.Masks.Classify(new MaskTile(batch, head, rows, plan.KeyGrid[span])))
            {
                case TileClass.Full:
                    Whole.Add(span);
                    Pairs += area;
                    break;
                case TileClass.Partial:
                    Partial.Add(span);
                    break;
                default:
                    break;
            }
        }
    }
}
