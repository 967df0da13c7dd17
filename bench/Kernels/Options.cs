using System.Globalization;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// What masks and scores add to a full tile of 1024 × 1024: processor time of one thread against the same tile without
/// them, best of rounds that take turns. Each includes what a job does for it per tile: classifying, then folding.
/// </summary>
internal static unsafe class Options
{
    private const int Rows = SpanGrid.MaxSpanRows, Rounds = 25;

    /// <summary>The farthest distance with a vector of its own; the products with a tile's keys have room behind each row.</summary>
    private const int Reach = 511, Distances = 2 * Reach + 1, TermStride = Rows + 16;

    /// <summary>Measures.</summary>
    /// <param name="args"><c>--only TEXT</c>: those whose name has it, in twenty times as many rounds.</param>
    public static int Run(string[] args)
    {
        string only = Array.IndexOf(args, "--only") is >= 0 and var at ? args[at + 1] : "";
        int rounds = only.Length == 0 ? Rounds : 20 * Rounds;
        Console.WriteLine($"kernel {CpuKernels.Best.Name}, one thread, tiles of {Rows} × {Rows}, best of {rounds} rounds");
        foreach (int dim in new[] { 64, 128 })
            Measure(CpuKernels.Best, dim, only, rounds);
        return 0;
    }

    private static void Measure(CpuKernel kernel, int dim, string only, int rounds)
    {
        using NativeBuffer q = Numbers(Rows * dim), k = Numbers(Rows * dim), v = Numbers(Rows * dim), bias = Numbers(Rows * Rows),
            distances = Numbers(Rows), relative = Numbers(257), packedQ = new(kernel.QueryBytes(Rows, dim)), packedK = new(kernel.KeyBytes(Rows, dim)),
            packedV = new(kernel.ValueBytes(Rows, dim)), workspace = new(kernel.WorkspaceBytes(dim, dim)),
            memory = new(AttentionState.FloatsFor(Rows, dim) * sizeof(float)), seen = new(Rows * Rows);
        new Span<byte>(seen.Pointer, Rows * Rows).Fill(1);
        // The same numbers in each type: random bit patterns are subnormal, infinite or NaN too often.
        using NativeBuffer halves = new(Rows * Rows * sizeof(ushort)), brief = new(Rows * Rows * sizeof(ushort));
        for (int i = 0; i < Rows * Rows; i++)
        {
            ((Half*)halves.Pointer)[i] = (Half)bias.Floats[i];
            ((ushort*)brief.Pointer)[i] = (ushort)(BitConverter.SingleToUInt32Bits(bias.Floats[i]) >> 16);
        }
        using NativeBuffer tables = Numbers(Rows * Rows), vectors = Numbers(Distances * dim), packedT = new(kernel.QueryBytes(Distances, dim)),
            terms = Numbers(Distances * TermStride), near = Numbers(Rows), far = Numbers(Rows);
        for (int row = 0; row < Rows; row++)
            (near.Floats[row], far.Floats[row]) = (row, row + 4 * Rows);
        AttentionState state = AttentionState.At(memory.Floats, Rows, dim);
        state.Reset();
        PackedQueries queries = kernel.PackQueries(TensorRows.Dense(q.Floats, Rows, dim), 1 / Math.Sqrt(dim), packedQ.Pointer);
        PackedKeys keys = kernel.PackKeys(TensorRows.Dense(k.Floats, Rows, dim), packedK.Pointer);
        PackedValues values = kernel.PackValues(TensorRows.Dense(v.Floats, Rows, dim), packedV.Pointer);
        PackedQueries byDistance = kernel.PackQueries(TensorRows.Dense(vectors.Floats, Distances, dim), 1, packedT.Pointer);
        byte* work = workspace.Pointer;

        // Far below the diagonal, inside the window and the document: every mask is asked, and all say full.
        var tile = new MaskTile(0, 0, new(8 * Rows, Rows), new(4 * Rows, Rows));
        var formulas = new MaskSet(
            BandMask.Causal("top-left", 0), BandMask.Window(0, 8 * Rows, 0), new DocumentMask([0, 16 * Rows], [0, 16 * Rows]),
            new ValidKeysMask([16 * Rows]), new ExcludedBandMask(0, 1));
        var dense = new DenseMask(seen.Pointer - 8 * Rows * Rows - 4 * Rows, 0, 0, Rows, 16 * Rows);
        var cases = new (string Name, Func<bool> Asked, ScoreStage? Stage)[]
        {
            ("nothing", () => true, null),
            ("five masks by formula", () => formulas.Classify(tile) == TileClass.Full, null),
            ("mask tensor, read", () => dense.Classify(tile) == TileClass.Full, null),
            ("softcap", () => true, new ScoreStage(30)),
            ("ALiBi, slope 0.001", () => true, new ScoreStage(0) { Slope = 0.001f, Distances = distances.Floats }),
            ("bias F32, one row", () => true, new ScoreStage(0) { Bias = new BiasTile(bias.Pointer, ElementType.F32, 0, Rows) }),
            ("bias F16, one row", () => true, new ScoreStage(0) { Bias = new BiasTile(halves.Pointer, ElementType.F16, 0, Rows) }),
            ("ALiBi", () => true, new ScoreStage(0) { Slope = 0.1f, Distances = distances.Floats }),
            ("relative bias, 128", () => true, new ScoreStage(0) { Relative = relative.Floats, Reach = 128, Distances = distances.Floats }),
            ("relative keys, 511", () => true, new ScoreStage(0) { Tables = tables.Floats, TableStride = Rows, TableReach = Reach, Distances = near.Floats }),
            ("relative queries, 511, near", () => Multiply(Distances), Terms(near)),
            ("relative queries, 511, far", () => Multiply(1), Terms(far)),
            ("bias tensor, F32", () => true, new ScoreStage(0) { Bias = new BiasTile(bias.Pointer, ElementType.F32, Rows * 4, Rows) }),
            ("bias tensor, BF16", () => true, new ScoreStage(0) { Bias = new BiasTile(brief.Pointer, ElementType.BF16, Rows * 2, Rows) }),
            ("bias tensor, F16", () => true, new ScoreStage(0) { Bias = new BiasTile(halves.Pointer, ElementType.F16, Rows * 2, Rows) }),
        };
        cases = [.. cases.Where(of => of.Name == "nothing" || of.Name.Contains(only, StringComparison.Ordinal))];
        // What a job does for a tile's keys before it folds them.
        bool Multiply(int distances)
        {
            kernel.Scores(new PackedQueries(byDistance.Data, distances, dim), keys, null, terms.Floats, TermStride, work);
            return true;
        }
        ScoreStage Terms(NativeBuffer distances) => new(0)
        {
            KeyTerms = terms.Floats,
            KeyTermStride = TermStride,
            KeyTermRows = Distances,
            KeyTermReach = Reach,
            Distances = distances.Floats,
        };
        var best = new double[cases.Length];
        Array.Fill(best, double.MaxValue);
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                ScoreStage stage = cases[i].Stage ?? default;
                PackedQueries of = cases[i].Stage is null ? queries : queries.With(&stage);
                double begin = WorkClock.Thread.Now;
                if (!cases[i].Asked())
                    throw new InvalidOperationException($"{cases[i].Name}: the tile is not full.");
                kernel.Fold(of, keys, values, null, state, work);
                best[i] = Math.Min(best[i], WorkClock.Thread.Now - begin);
            }
        }
        double preparing = double.MaxValue;
        var preparation = new RowPreparation(RowNorm.Rms, null, new RotaryEmbedding(RotaryFrequencies.Plain(10_000, dim), 1, false), (_, row) => row);
        for (int round = 0; round < rounds; round++)
        {
            double begin = WorkClock.Thread.Now;
            preparation.Prepare(TensorRows.Dense(k.Floats, Rows, dim), 0, 0, 100_000, bias.Floats);
            preparing = Math.Min(preparing, WorkClock.Thread.Now - begin);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"D = {dim,3}  {"norm and rotary, a span",-24} {preparing * 1e3,7:f3} ms  once per span of keys or queries"));
        for (int i = 0; i < cases.Length; i++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"D = {dim,3}  {cases[i].Name,-24} {best[i] * 1e3,7:f3} ms  {best[i] / best[0] - 1,7:+0.0%;-0.0%}"));
        }
    }

    private static NativeBuffer Numbers(int count)
    {
        var buffer = new NativeBuffer((nuint)count * sizeof(float));
        var random = new Random(count);
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = random.NextSingle() * 2 - 1;
        return buffer;
    }
}
