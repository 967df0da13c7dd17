using Distributed.Kernels.Masks;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Cpu.Roofline;

/// <summary>An attention problem to measure on.</summary>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KeyHeads">Key and value heads; query heads are a multiple.</param>
/// <param name="Rows">Query rows.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Dim">Elements of a query and a key.</param>
/// <param name="ValueDim">Elements of a value.</param>
public sealed record KernelShape(int QueryHeads, int KeyHeads, int Rows, int Keys, int Dim, int ValueDim)
{
    /// <summary>Self-attention of <paramref name="heads"/> heads.</summary>
    public static KernelShape Square(int heads, int rows, int dim) => new(heads, heads, rows, rows, dim, dim);

    /// <summary>Element type of all three inputs.</summary>
    public ElementType Type { get; init; }

    /// <summary>The mask.</summary>
    public IAttentionMask Mask { get; init; } = MaskSet.None;

    /// <summary>
    /// Pairs of a query row and a key that count as work, per head: S² for full attention, half of that for causal, what
    /// lies inside for a window.
    /// </summary>
    public double Pairs { get; init; } = (double)Rows * Keys;

    /// <summary>Floating-point operations: 2 · (D + Dv) per pair and query head; the softmax is not counted.</summary>
    public double Operations => 2.0 * (Dim + ValueDim) * Pairs * QueryHeads;

    /// <summary>Bytes of keys and values, each read once.</summary>
    public double KeyValueBytes => (double)Keys * (Dim + ValueDim) * KeyHeads * Type.SizeInBytes();

    /// <summary>The same problem, causal; the upper half of the matrix does not count as work.</summary>
    public KernelShape AsCausal() =>
        this with { Mask = BandMask.Causal("bottom-right", Keys - Rows), Pairs = Pairs / 2 };

    /// <summary>The same problem of packed documents, of which each row sees its own alone: all of it, or of that the keys up to itself.</summary>
    /// <param name="starts">Cumulative lengths, from 0 to the number of rows, which is that of keys.</param>
    /// <param name="causal">Whether a row sees no key behind it; half of the pairs count as work then.</param>
    public KernelShape AsDocuments(IReadOnlyList<long> starts, bool causal)
    {
        ArgumentNullException.ThrowIfNull(starts);
        double pairs = 0;
        for (int document = 1; document < starts.Count; document++)
            pairs += (double)(starts[document] - starts[document - 1]) * (starts[document] - starts[document - 1]);
        var documents = new DocumentMask(starts, starts);
        return causal
            ? this with { Mask = new MaskSet(BandMask.Causal("top-left", 0), documents), Pairs = pairs / 2 }
            : this with { Mask = documents, Pairs = pairs };
    }

    /// <summary>The same problem where a row sees itself and the <paramref name="left"/> keys before it.</summary>
    public KernelShape AsWindow(int left)
    {
        double pairs = 0;
        for (long row = 0; row < Rows; row++)
            pairs += Math.Min(row, left) + 1;
        return this with { Mask = BandMask.Window(0, left, 0), Pairs = pairs };
    }
}
