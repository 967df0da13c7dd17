using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// The first pass where scores have ALiBi, a relative bias or a bias tensor and nothing else: whole tiles get it while the next tile's
/// product is under way. What is not whole is done by <see cref="ScorePass{T, TPanel}"/>, and so are other stages.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="TPanel">A strip as wide as a panel of packed keys.</typeparam>
internal static unsafe class StagedPass<T, TPanel>
    where T : struct, ILanes<T>
    where TPanel : struct, IStrip<TPanel>
{
    private const int Group = Blocking.GroupRows;

    /// <summary>Fills <see cref="Workspace.Scores"/> and <see cref="Workspace.Maxima"/>, which holds −∞.</summary>
    /// <returns>Whether it did: otherwise nothing was done.</returns>
    public static bool Run(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, RowBlock block, Workspace work, byte* ahead)
    {
        ref readonly ScoreStage stage = ref *queries.Stage;
        if (!Avx512F.IsSupported || TPanel.Width != IScorePart.Width || !stage.BeginsWithAlibi)
            return false;
        switch (stage)
        {
            case { Slope: not 0, Relative: null, Bias.Data: null }:
                Run(new AlibiPart(stage.SlopeIn, stage.Distances), queries, keys, mask, block, work, ahead);
                return true;
            case { Slope: 0, Relative: not null, Bias.Data: null }:
                Run(new RelativePart(stage.Relative, stage.Reach, stage.Distances), queries, keys, mask, block, work, ahead);
                return true;
            case { Slope: 0, Relative: null, Bias: { Data: not null, Type: ElementType.F32 } }:
                Run(new BiasPart<F32Elements>(stage.Bias), queries, keys, mask, block, work, ahead);
                return true;
            case { Slope: 0, Relative: null, Bias: { Data: not null, Type: ElementType.F16 } }:
                Run(new BiasPart<F16Elements>(stage.Bias), queries, keys, mask, block, work, ahead);
                return true;
            case { Slope: 0, Relative: null, Bias.Data: not null }:
                Run(new BiasPart<BF16Elements>(stage.Bias), queries, keys, mask, block, work, ahead);
                return true;
            default:
                return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TPart>(
        TPart part, in PackedQueries queries, in PackedKeys keys, MaskWords? mask, RowBlock block, Workspace work, byte* ahead)
        where TPart : struct, IScorePart
    {
        var rows = new StageRows<TPart>(part);
        int dim = Packing.PaddedDim(queries.Dim);
        for (int key = 0; key < keys.Count; key += TPanel.Width)
        {
            float* panel = (float*)keys.Data + (nint)key * dim, query = (float*)queries.Data + (nint)block.First * dim;
            byte* fetch = key + TPanel.Width < keys.Count ? (byte*)(panel + (nint)TPanel.Width * dim) : ahead;
            for (int group = 0; group < block.Groups; group++, query += Group * dim, fetch += dim / 2 * Ahead.LineBytes)
            {
                if (block.RowsOf(group) < Group || !block.View(group).SeesAll(key, TPanel.Width))
                {
                    ScorePass<T, TPanel>.Panel(queries, panel, key, keys.Count, mask, block, group, group + 1, work, fetch);
                    continue;
                }
                float* scores = work.Scores + (nint)group * Group * Blocking.ScoreStride + key;
                ScoreTiles.Compute<TPanel, SixRows, StageRows<TPart>>(query, panel, dim, scores, null, fetch, ref rows);
                rows.Finish();
                rows.Take(scores, work.Maxima + group * Group * Arithmetic.Lanes, block.First + group * Group, key);
            }
        }
        rows.Finish();
    }
}
