using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>One head's attention problem, drawn from a seed.</summary>
internal sealed unsafe class HeadCase
{
    public required float[,] Q { get; init; }

    public required float[,] K { get; init; }

    public required float[,] V { get; init; }

    public required double Scale { get; init; }

    public IAttentionMask Mask { get; init; } = MaskSet.None;

    public int Rows => Q.GetLength(0);

    public static HeadCase Random(
        int seed, int rows, int keys, int dim, int valueDim, IAttentionMask? mask = null, double? scale = null)
    {
        var random = new Random(seed);
        return new HeadCase
        {
            Q = Normal(random, rows, dim),
            K = Normal(random, keys, dim),
            V = Normal(random, keys, valueDim),
            Scale = scale ?? 1 / Math.Sqrt(dim),
            Mask = mask ?? MaskSet.None,
        };
    }

    /// <summary>The attention by <paramref name="kernel"/>, inputs given as <paramref name="type"/>.</summary>
    public (float[,] Output, float[] LogSumExp) Run(CpuKernel kernel, ElementType type = ElementType.F32, bool direct = false)
    {
        var output = new float[Rows, V.GetLength(1)];
        var lse = new float[Rows];
        using var q = new TypedRows(Q, type);
        using var k = new TypedRows(K, type);
        using var v = new TypedRows(V, type);
        using var head = new HeadAttention(kernel, k.Rows.Count, k.Rows.Dim, v.Rows.Dim);
        if (direct)
            head.TakeUnpacked(k.Rows, v.Rows);
        else
            head.Pack(k.Rows, v.Rows);
        using NativeBuffer scratch = head.NewScratch();
        fixed (float* to = output)
        {
            fixed (float* toLse = lse)
                head.Compute(q.Rows, Scale, Mask, .., to, toLse, scratch);
        }
        return (output, lse);
    }

    public (double[,] Output, double[] LogSumExp) Reference() =>
        Cpu.Reference.Attend(Q, K, V, Scale, Cpu.Reference.Sees(Mask));

    /// <summary>Every number rounded to <paramref name="type"/>, as a file of that type would hold it.</summary>
    public HeadCase RoundedTo(ElementType type) => new()
    {
        Q = Rounded(Q, type),
        K = Rounded(K, type),
        V = Rounded(V, type),
        Scale = Scale,
        Mask = Mask,
    };

    private static float[,] Rounded(float[,] all, ElementType type)
    {
        var rounded = (float[,])all.Clone();
        for (int i = 0; i < all.GetLength(0); i++)
        {
            for (int j = 0; j < all.GetLength(1); j++)
            {
                rounded[i, j] = type == ElementType.F16
                    ? (float)(Half)all[i, j]
                    : BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(all[i, j]) & 0xFFFF0000);
            }
        }
        return rounded;
    }

    private static float[,] Normal(Random random, int rows, int columns)
    {
        var all = new float[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                all[i, j] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return all;
    }
}
