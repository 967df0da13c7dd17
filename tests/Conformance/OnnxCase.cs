namespace Distributed.Conformance.Tests;

/// <summary>
/// One call of the ONNX operator Attention (opset 23 and 24, and the windows of 25): inputs as <c>[batch, heads, rows, dim]</c>, attributes by
/// their own names. <see cref="ThreeAxes"/> only says how the tensors are handed over.
/// </summary>
internal sealed record OnnxCase
{
    public required int Batch { get; init; }
    public required int QueryHeads { get; init; }
    public required int KeyHeads { get; init; }
    public required int QueryRows { get; init; }
    public required int NewKeys { get; init; }
    public required int HeadSize { get; init; }
    public required int ValueSize { get; init; }

    /// <summary>Rows of past_key and past_value; null = not given.</summary>
    public int? Past { get; init; }

    public bool ThreeAxes { get; init; }
    public bool IsCausal { get; init; }
    public double? Scale { get; init; }

    /// <summary>left_window_size; -1 = no bound.</summary>
    public int Left { get; init; } = -1;

    /// <summary>right_window_size; -1 = no bound.</summary>
    public int Right { get; init; } = -1;

    public double Softcap { get; init; }

    /// <summary>qk_matmul_output_mode; null = the output is not asked for.</summary>
    public int? QkMode { get; init; }

    /// <summary>attn_mask as truth values; null = not given.</summary>
    public bool[]? BoolMask { get; init; }

    /// <summary>attn_mask as numbers; null = not given.</summary>
    public float[]? FloatMask { get; init; }

    /// <summary>Extents of attn_mask.</summary>
    public long[] MaskExtents { get; init; } = [];

    /// <summary>nonpad_kv_seqlen; null = not given.</summary>
    public long[]? NonpadKeys { get; init; }

    public required float[] Q { get; init; }
    public required float[] K { get; init; }
    public required float[] V { get; init; }
    public float[] PastK { get; init; } = [];
    public float[] PastV { get; init; } = [];

    public int Keys => NewKeys + (Past ?? 0);

    public override string ToString() =>
        $"q [{Batch}, {QueryHeads}, {QueryRows}, {HeadSize}], keys {KeyHeads} × {NewKeys}, past {Past}, values {ValueSize}, " +
        $"3-D {ThreeAxes}, causal {IsCausal}, window {Left}, {Right}, scale {Scale}, softcap {Softcap}, mode {QkMode}, " +
        $"mask {(BoolMask is not null ? "bool" : FloatMask is not null ? "float" : "none")} [{string.Join(", ", MaskExtents)}], " +
        $"nonpad [{string.Join(", ", NonpadKeys ?? [])}]";

    /// <summary>A case drawn from a seed; sizes go down to 1.</summary>
    public static OnnxCase Random(int seed)
    {
        var random = new Random(seed);
        int Size(int most) => random.Next(3) == 0 ? 1 : random.Next(1, most);
        int batch = Size(4), keyHeads = Size(4), queryHeads = keyHeads * Size(4), rows = Size(40), keys = Size(60);
        int headSize = Size(33), valueSize = Size(33);
        int? past = random.Next(3) == 0 ? random.Next(0, 30) : null;
        int all = keys + (past ?? 0);
        long[] extents = MaskShape(random, batch, queryHeads, rows, all);
        int elements = (int)extents.Aggregate(1L, (product, extent) => product * extent);
        int mask = random.Next(3);
        return new OnnxCase
        {
            Batch = batch,
            QueryHeads = queryHeads,
            KeyHeads = keyHeads,
            QueryRows = rows,
            NewKeys = keys,
            HeadSize = headSize,
            ValueSize = valueSize,
            Past = past,
            ThreeAxes = random.Next(3) == 0,
            IsCausal = random.Next(2) == 0,
            Left = random.Next(3) == 0 ? random.Next(0, 30) : -1,
            Right = random.Next(3) == 0 ? random.Next(0, 30) : -1,
            Scale = random.Next(2) == 0 ? null : random.NextDouble(),
            Softcap = random.Next(3) == 0 ? 0.5 + random.NextDouble() * 5 : 0,
            QkMode = random.Next(2) == 0 ? null : random.Next(4),
            MaskExtents = mask == 0 ? [] : extents,
            BoolMask = mask == 1 ? [.. Enumerable.Range(0, elements).Select(_ => random.Next(4) != 0)] : null,
            FloatMask = mask == 2
                ? [.. Enumerable.Range(0, elements).Select(_ => random.Next(5) == 0 ? float.NegativeInfinity : random.NextSingle() * 6 - 3)]
                : null,
            NonpadKeys = past is null && random.Next(3) == 0
                ? [.. Enumerable.Range(0, batch).Select(_ => (long)random.Next(0, keys + 1))]
                : null,
            Q = Numbers(random, batch * queryHeads * rows * headSize),
            K = Numbers(random, batch * keyHeads * keys * headSize),
            V = Numbers(random, batch * keyHeads * keys * valueSize),
            PastK = Numbers(random, batch * keyHeads * (past ?? 0) * headSize),
            PastV = Numbers(random, batch * keyHeads * (past ?? 0) * valueSize),
        };
    }

    private static long[] MaskShape(Random random, int batch, int heads, int rows, int keys)
    {
        long[] full = [random.Next(2) == 0 ? 1 : batch, random.Next(2) == 0 ? 1 : heads, rows, random.Next(3) == 0 ? random.Next(1, keys + 1) : keys];
        return full[random.Next(0, 3)..];
    }

    private static float[] Numbers(Random random, int count)
    {
        var numbers = new float[count];
        foreach (ref float number in numbers.AsSpan())
            number = random.NextSingle() * 4 - 2;
        return numbers;
    }
}
