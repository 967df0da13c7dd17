using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Random tensors of one shape, and ways to run the engine and the judge on them.</summary>
internal sealed class Problem
{
    public Problem(AttentionShape shape, int seed)
    {
        Shape = shape;
        var random = new Random(seed);
        Q = Normal(random, shape.Batch * shape.QueryHeads * shape.QueryRows * shape.QueryDim);
        K = Normal(random, shape.Batch * shape.KeyHeads * shape.KeyRows * shape.KeyDim);
        V = Normal(random, shape.Batch * shape.KeyHeads * shape.KeyRows * shape.ValueDim);
    }

    public AttentionShape Shape { get; }
    public float[] Q { get; }
    public float[] K { get; }
    public float[] V { get; }

    /// <summary>Optional tensors; null = none.</summary>
    public RandomTensors? Tensors { get; init; }

    /// <summary>A random shape of at most <paramref name="rows"/> rows; sizes that are not multiples of anything.</summary>
    public static AttentionShape RandomShape(Random random, int rows)
    {
        int keyHeads = random.Next(1, 3);
        return new AttentionShape(
            random.Next(1, 3), keyHeads * random.Next(1, 4), keyHeads, random.Next(1, rows), random.Next(1, rows),
            random.Next(1, 40), random.Next(1, 40));
    }

    /// <summary>The same, some of whose keys are past.</summary>
    public static AttentionShape RandomShapeWithPast(Random random, int rows)
    {
        AttentionShape shape = RandomShape(random, rows);
        return random.Next(3) == 0 ? shape with { PastRows = random.Next(0, (int)shape.KeyRows + 1) } : shape;
    }

    /// <summary>Options with any of the masks that need no sizes.</summary>
    public static AttentionOptions RandomOptions(Random random, int spanRows) => new()
    {
        SpanRows = spanRows,
        Threads = 2,
        Scale = random.Next(2) == 0 ? null : random.NextDouble() * 0.3,
        Causal = random.Next(4) switch
        {
            0 => CausalAlignment.TopLeft,
            1 => CausalAlignment.BottomRight,
            2 => CausalAlignment.At(random.Next(-40, 40)),
            _ => null,
        },
        Window = random.Next(3) == 0 ? new SlidingWindow(random.Next(-1, 60), random.Next(-1, 60)) : null,
        ExcludedBand = random.Next(4) == 0 ? random.Next(0, 5) : null,
    };

    /// <summary>Options with any of the masks, and with any mechanism that has scores if that is asked for.</summary>
    public static AttentionOptions RandomOptions(Random random, int spanRows, AttentionShape shape, bool anyMechanism = false)
    {
        AttentionOptions options = RandomOptions(random, spanRows) with
        {
            Dilation = random.Next(5) == 0 ? random.Next(1, 7) : null,
            ValidKeys = random.Next(5) == 0
                ? [.. Enumerable.Range(0, shape.Batch).Select(_ => (long)random.Next(0, (int)shape.KeyRows + 1))]
                : null,
            Documents = random.Next(4) == 0 && shape.PastRows == 0 ? RandomDocuments(random, shape) : null,
            Softcap = random.Next(4) == 0 ? 0.5 + random.NextDouble() * 20 : null,
            QkNorm = (RowNorm)Math.Max(0, random.Next(-3, 3)),
            Rotary = random.Next(3) == 0 && shape.KeyDim >= 4 ? RandomRotary(random, shape) : null,
            BlockPairs = random.Next(5) == 0 ? RandomPairs(random, shape) : null,
            Mechanism = anyMechanism && random.Next(4) == 0 ? new Mechanism { Kind = MechanismKind.Hard, TopK = random.Next(3) == 0 ? null : random.Next(1, 30) } : new(),
        };
        bool sparse = options.Window is { Left: >= 0 } or { Right: >= 0 } || options.Dilation is not null || options.BlockPairs is not null;
        return options with
        {
            Align = options.Causal is null && (sparse || options.ExcludedBand is not null) && options is not { Dilation: null, ExcludedBand: null, Window: not ({ Left: >= 0 } or { Right: >= 0 }) } && random.Next(2) == 0 ? CausalAlignment.BottomRight : null,
            Scale = options.Scale ?? (options.QkNorm == RowNorm.L2 ? 3 : null),
            Prefix = options.Causal is not null && random.Next(3) == 0 ? random.Next(0, 50) : null,
            GlobalKeys = sparse && random.Next(2) == 0 ? random.Next(0, 20) : null,
        };
    }

    private static RotaryOptions RandomRotary(Random random, AttentionShape shape) => new()
    {
        Base = random.Next(2) == 0 ? 10_000 : 100,
        Dims = random.Next(2) == 0 ? shape.KeyDim / 2 * 2 : random.Next(2, shape.KeyDim / 2 + 1) * 2,
        Interleaved = random.Next(2) == 0,
        Scaling = random.Next(4) switch
        {
            0 => new RotaryScaling(RotaryScalingKind.Linear, 2.5),
            1 => new RotaryScaling(RotaryScalingKind.Ntk, 4),
            2 => new RotaryScaling(RotaryScalingKind.Yarn, 8, 64),
            _ => null,
        },
    };

    private static PackedDocuments RandomDocuments(Random random, AttentionShape shape)
    {
        int count = random.Next(1, 7);
        long[] Cuts(long rows) => [0, .. Enumerable.Range(1, count - 1).Select(_ => (long)random.Next(0, (int)rows + 1)).Order(), rows];
        return new PackedDocuments(
            Cuts(shape.QueryRows), shape.QueryRows == shape.KeyRows && random.Next(2) == 0 ? null : Cuts(shape.KeyRows));
    }

    private static BlockPairs RandomPairs(Random random, AttentionShape shape)
    {
        int rows = random.Next(1, 50), keys = random.Next(1, 50);
        var pairs = from r in Enumerable.Range(0, (int)((shape.QueryRows + rows - 1) / rows))
                    from c in Enumerable.Range(0, (int)((shape.KeyRows + keys - 1) / keys))
                    where random.Next(2) == 0
                    select ((long)r, (long)c);
        return new BlockPairs(rows, keys, [.. pairs]);
    }

    /// <summary>The same queries on some of the keys.</summary>
    public Problem Part(int from, int to)
    {
        var part = new Problem(Shape with { KeyRows = to - from }, 0) { Tensors = Tensors };
        Q.CopyTo(part.Q, 0);
        for (int head = 0; head < Shape.Batch * Shape.KeyHeads; head++)
        {
            int first = head * (int)Shape.KeyRows + from, target = head * (to - from);
            K.AsSpan(first * Shape.KeyDim, (to - from) * Shape.KeyDim).CopyTo(part.K.AsSpan(target * Shape.KeyDim));
            V.AsSpan(first * Shape.ValueDim, (to - from) * Shape.ValueDim).CopyTo(part.V.AsSpan(target * Shape.ValueDim));
        }
        return part;
    }

    /// <summary>Puts keys and their values in another order.</summary>
    public void Shuffle(Random random)
    {
        int[] order = [.. Enumerable.Range(0, (int)Shape.KeyRows)];
        random.Shuffle(order);
        Reorder(K, order, Shape.KeyDim);
        Reorder(V, order, Shape.ValueDim);
    }

    private static void Reorder(float[] rows, int[] order, int dim)
    {
        float[] before = [.. rows];
        for (int row = 0; row < rows.Length / dim; row++)
        {
            int from = row / order.Length * order.Length + order[row % order.Length];
            before.AsSpan(from * dim, dim).CopyTo(rows.AsSpan(row * dim));
        }
    }

    public async Task<MemorySink> RunAsync(
        AttentionOptions options, IProgress<JobProgress>? progress = null, CancellationToken cancellation = default)
    {
        var sink = new MemorySink(Shape);
        await WithInput(input => EmbeddedEngine.RunAsync(input, options, sink, progress, cancellation));
        return sink;
    }

    public async Task<T> WithInput<T>(Func<AttentionInput, Task<T>> use)
    {
        using var pinned = new Pins(Q, K, V);
        return await use(new AttentionInput(
            HeadTensor.Dense(
                pinned[0], ElementType.F32, HeadLayout.Bhsd, Shape.Batch, Shape.QueryHeads, Shape.QueryRows, Shape.QueryDim),
            HeadTensor.Dense(
                pinned[1], ElementType.F32, HeadLayout.Bhsd, Shape.Batch, Shape.KeyHeads, Shape.KeyRows, Shape.KeyDim),
            HeadTensor.Dense(
                pinned[2], ElementType.F32, HeadLayout.Bhsd, Shape.Batch, Shape.KeyHeads, Shape.KeyRows, Shape.ValueDim),
            Shape.PastRows, projected: Tensors?.Additive is not null)
        {
            Tensors = Tensors?.Describe() ?? AttentionTensors.None,
        });
    }

    public (double[] Output, double[] LogSumExp) Judge(AttentionOptions options) => Judge(options, Shape, V);

    /// <summary>The weights <c>[B, Hq, Sq, Skv]</c> in float64: the output for values that are the rows of the unit matrix.</summary>
    public double[] JudgeWeights(AttentionOptions options)
    {
        AttentionShape shape = Shape with { ValueDim = (int)Shape.KeyRows };
        var unit = new float[shape.Batch * shape.KeyHeads * shape.KeyRows * shape.KeyRows];
        for (long row = 0; row < shape.Batch * shape.KeyHeads * shape.KeyRows; row++)
            unit[row * shape.KeyRows + row % shape.KeyRows] = 1;
        return Judge(options, shape, unit).Output;
    }

    public (double[] Output, double[] LogSumExp) JudgeLinear(AttentionOptions options)
    {
        (double[] q, double[] k) = Prepared(options);
        bool divides = options.Mechanism.Normalised ?? options.Mechanism.FeatureMap != FeatureMap.Identity;
        return Linear64.Compute(Shape, q, k, V, options, Attention64.MaskOf(Shape, options, Tensors), divides);
    }

    public double[] JudgeDelta(AttentionOptions options)
    {
        (double[] q, double[] k) = Prepared(options);
        return Linear64.Delta(Shape, q, k, V, Tensors!.Beta!, options, Attention64.MaskOf(Shape, options, Tensors));
    }

    private (double[] Output, double[] LogSumExp) Judge(AttentionOptions options, AttentionShape shape, float[] values)
    {
        (double[] q, double[] k) = Prepared(options);
        return Attention64.Compute(
            shape, Scores64.Of(Shape, options, Tensors, q, k), values, Attention64.MaskOf(Shape, options, Tensors),
            Attention64.ScoresOf(Shape, options, Tensors), Tensors?.SinkLogits,
            options.Mechanism.Kind == MechanismKind.Hard ? options.Mechanism.TopK ?? 1 : null);
    }

    private (double[] Queries, double[] Keys) Prepared(AttentionOptions options)
    {
        double[] q = PreparedRows.Of(
            Q, Shape.Batch, Shape.QueryHeads, Shape.QueryRows, Shape.QueryDim, options, Tensors?.QueryNorm,
            (batch, row) => Tensors?.QueryPositions?.At((int)batch, row) ?? Attention64.PositionOf(Shape, options, batch, row),
            Tensors?.ScoreMatrices);
        double[] k = PreparedRows.Of(
            K, Shape.Batch, Shape.KeyHeads, Shape.KeyRows, Shape.KeyDim, options, Tensors?.KeyNorm,
            (batch, row) => Tensors?.KeyPositions?.At((int)batch, row) ?? row);
        return (q, k);
    }

    private static float[] Normal(Random random, long count)
    {
        var numbers = new float[count];
        foreach (ref float number in numbers.AsSpan())
        {
            number = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
                * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return numbers;
    }

    private sealed class Pins(params float[][] arrays) : IDisposable
    {
        private readonly System.Runtime.InteropServices.GCHandle[] _handles =
            [.. arrays.Select(array => System.Runtime.InteropServices.GCHandle.Alloc(
                array, System.Runtime.InteropServices.GCHandleType.Pinned))];

        public nint this[int index] => _handles[index].AddrOfPinnedObject();

        public void Dispose()
        {
            foreach (System.Runtime.InteropServices.GCHandle handle in _handles)
                handle.Free();
        }
    }
}
