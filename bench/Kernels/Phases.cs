using System.Runtime.CompilerServices;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// Where the time of a tile goes: each part of the AVX-512 kernel alone on one block of rows and one span, in cycles that
/// the multiply-add pipes could have worked (peak = 64 operations a cycle), as a share of the block's own multiply-adds.
/// </summary>
internal static unsafe class Phases
{
    private const int Keys = 1024;

    public static int Run(string[] args)
    {
        int[] dims = args.Length > 0 ? [.. args.Select(int.Parse)] : [64, 128];
        foreach (int dim in dims)
            One(dim);
        return 0;
    }

    private static void One(int dim)
    {
        const int rows = Blocking.BlockRows;
        CpuKernel kernel = CpuKernels.Best;
        var strips = new ColumnStrips(dim, 4);
        using var inputs = new NativeBuffer((nuint)(Keys * dim * sizeof(float)));
        var random = new Random(1);
        for (int i = 0; i < Keys * dim; i++)
            inputs.Floats[i] = random.NextSingle() - 0.5f;
        TensorRows all = TensorRows.Dense(inputs.Floats, Keys, dim);
        using var q = new NativeBuffer(kernel.QueryBytes(Keys, dim));
        using var k = new NativeBuffer(kernel.KeyBytes(Keys, dim));
        using var v = new NativeBuffer(kernel.ValueBytes(Keys, dim));
        using var scratch = new NativeBuffer(kernel.WorkspaceBytes(dim, dim));
        PackedQueries queries = kernel.PackQueries(all, 0.1, q.Pointer);
        PackedKeys keys = kernel.PackKeys(all, k.Pointer);
        PackedValues values = kernel.PackValues(all, v.Pointer);
        var work = new Workspace(scratch.Pointer, strips.Columns);
        WorkClock clock = WorkClock.Thread;
        double peak = MachinePeak.MultiplyAddRate(1, 512, clock, 0.2);
        double macs = 2.0 * rows * Keys * dim;

        void Report(string part, double operations, Action action)
        {
            action();
            double best = double.MaxValue;
            for (int repeat = 0; repeat < 60; repeat++)
            {
                double begin = clock.Now;
                for (int i = 0; i < 4; i++)
                    action();
                best = Math.Min(best, (clock.Now - begin) / 4);
            }
            Console.WriteLine($"D={dim} {part,-28} {best * 1e6,8:F1} us  {best * peak / (2 * macs),7:P2} of the block's multiply-adds" +
                (operations > 0 ? $"  {operations / best / peak,7:P1} of peak" : ""));
        }

        Report("scores with maxima", macs, [MethodImpl(MethodImplOptions.AggressiveOptimization)] () =>
        {
            for (int key = 0; key < Keys; key += 64)
            {
                for (int row = 0; row < rows; row += 6)
                    ScoreTiles.Compute<Strip512x4, SixRows>((float*)queries.Data + row * dim, (float*)keys.Data + key * dim, dim, work.Scores + row * Blocking.ScoreStride + key, work.Maxima + row * 16, k.Pointer);
            }
        });
        Report("scores without maxima", macs, [MethodImpl(MethodImplOptions.AggressiveOptimization)] () =>
        {
            for (int key = 0; key < Keys; key += 64)
            {
                for (int row = 0; row < rows; row += 6)
                    ScoreTiles.Compute<Strip512x4, SixRows>((float*)queries.Data + row * dim, (float*)keys.Data + key * dim, dim, work.Scores + row * Blocking.ScoreStride + key, null, k.Pointer);
            }
        });
        // 2^(x − 1) leads to 1 however often it is applied to what the scores are here, and never to subnormal numbers.
        new Span<float>(work.Shifts, rows).Fill(1f);
        new Span<float>(work.Sums, rows * strips.Columns).Clear();
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void WeightedValues(int pieces)
        {
            for (int key = 0; key < Keys; key += Blocking.TileKeys)
            {
                for (int group = 0; group < rows / 6; group++)
                {
                    var pending = new WeightRows(work, (group + 1) % 16, Blocking.GroupRows, new KeyRange(key, key + Blocking.TileKeys));
                    for (int s = 0; s < strips.Count; s++)
                    {
                        ColumnStrip strip = strips[s];
                        float* of = (float*)values.Data + strip.First * Keys + key * 64;
                        ValueTiles.Compute<Strip512x4, Lanes512>(
                            work.Scores + group * 6 * Blocking.ScoreStride + key, of, new KeyRange(key, key + Blocking.TileKeys),
                            work.SumsOf(group, strip), ref pending, pieces / strips.Count, v.Pointer);
                    }
                }
            }
        }
        Report("weighted values alone", macs, () => WeightedValues(0));
        Report("weighted values with weights", macs, () => WeightedValues(24));
        GroupView* views = stackalloc GroupView[Blocking.BlockRows / 6];
        RowBlock block = RowBlock.At(0, rows, null, Keys, views);
        Report("score pass", macs, () => ScorePass<Lanes512, Strip512x4>.Run(queries, keys, null, block, work, v.Pointer));
        Report("value pass", macs, () => ValuePass<Lanes512, Strip512x2, Strip512x3, Strip512x4>.Run(values, strips, null, block, work, v.Pointer, k.Pointer, made: false));
        Report("both", 2 * macs, () => { ScorePass<Lanes512, Strip512x4>.Run(queries, keys, null, block, work, v.Pointer); ValuePass<Lanes512, Strip512x2, Strip512x3, Strip512x4>.Run(values, strips, null, block, work, v.Pointer, k.Pointer, made: false); });
        using var stateMemory = new NativeBuffer(AttentionState.FloatsFor(Keys, dim) * sizeof(float));
        AttentionState state = AttentionState.At(stateMemory.Floats, Keys, dim);
        state.Reset();
        macs *= (double)Keys / rows;
        Report("fold of 1024 rows", 2 * macs, () => kernel.Fold(queries, keys, values, null, state, scratch.Pointer));
        macs /= (double)Keys / rows;
        Report("packing keys, per 1024 rows", 0, () => kernel.PackKeys(all, k.Pointer));
        Report("packing keys panel by panel", 0, [MethodImpl(MethodImplOptions.AggressiveOptimization)] () =>
        {
            for (int key = 0; key < Keys; key += 16)
                KeyPacking<Lanes512>.Panel(new RowStream(all), key, 16, work.PanelKeys);
        });
        using var oneState = new NativeBuffer(AttentionState.FloatsFor(1, dim) * sizeof(float));
        AttentionState one = AttentionState.At(oneState.Floats, 1, dim);
        one.Reset();
        PackedQueries oneQuery = kernel.PackQueries(all.Slice(0, 1), 0.1, q.Pointer);
        Report("fold of one row in place", 0, () => kernel.FoldDirect(oneQuery, all, all, null, one, scratch.Pointer));
        Report("score pass of one row", 0, [MethodImpl(MethodImplOptions.AggressiveOptimization)] () =>
        {
            for (int key = 0; key < Keys; key += 16)
                ScoreTiles.ComputeRow<Lanes512>((float*)queries.Data, work.PanelKeys, dim, work.Scores + key);
        });
        Report("values of one row", 0, [MethodImpl(MethodImplOptions.AggressiveOptimization)] () =>
        {
            for (int key = 0; key < Keys; key += Blocking.PieceKeys)
            {
                for (int index = 0; index < strips.Count; index++)
                    ValueTiles.ComputeRow<Strip512x4, F32Elements>(work.Scores + key, (byte*)((float*)all.Row(key) + index * 64), dim * sizeof(float), Blocking.PieceKeys, work.Sums + index * 64, 8192);
            }
        });
        Report("packing values", 0, () => kernel.PackValues(all, v.Pointer));
        Report("packing queries", 0, () => kernel.PackQueries(all, 0.1, q.Pointer));
        Report("packing keys, F16", 0, () => kernel.PackKeys(all with { Type = ElementType.F16 }, k.Pointer));
        Report("packing keys, BF16", 0, () => kernel.PackKeys(all with { Type = ElementType.BF16 }, k.Pointer));
    }
}
