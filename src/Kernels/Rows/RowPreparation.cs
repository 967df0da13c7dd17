using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Rows;

/// <summary>
/// What is done to query or key rows before they are packed: multiplied by a matrix, then normalised, then weighted, then
/// turned by their positions.
/// </summary>
/// <param name="norm">The norm.</param>
/// <param name="weights">Factors of the elements after the norm; null = none.</param>
/// <param name="rotary">The rotary embedding; null = none.</param>
/// <param name="positionOf">Position of a row of a batch entry; asked only where there is an embedding.</param>
public sealed unsafe class RowPreparation(
    RowNorm norm, float[]? weights, RotaryEmbedding? rotary, Func<int, long, long> positionOf)
{
    private const double Epsilon = 1e-6;

    /// <summary>
    /// Per head (or one for all) a matrix <c>[dim, to]</c>, row after row: a row x becomes x · matrix, summed in float64.
    /// Null = none.
    /// </summary>
    public IReadOnlyList<double[]>? Matrices { get; init; }

    /// <summary>Elements of a prepared row that had <paramref name="dim"/> of them.</summary>
    public int DimFrom(int dim) => Matrices is null ? dim : Matrices[0].Length / dim;

    /// <summary>Writes rows as F32, prepared, one behind the other. Each row comes out the same in whatever company.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="batch">Their batch entry.</param>
    /// <param name="head">Their head.</param>
    /// <param name="firstRow">Number of the first one in the sequence.</param>
    /// <param name="destination"><c>[rows, <see cref="DimFrom"/>]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TensorRows Prepare(TensorRows rows, int batch, int head, long firstRow, float* destination)
    {
        RotaryEmbedding.Turning turning = rotary is null ? default : rotary.Begin();
        int dim = DimFrom(rows.Dim);
        double[] sums = Matrices is null ? [] : new double[dim];
        for (int i = 0; i < rows.Count; i++)
        {
            var row = new Span<float>(destination + (nint)i * dim, dim);
            if (Matrices is null)
            {
                RowReader.Read(rows, i, destination + (nint)i * dim);
                CanonicalNaN(row);
            }
            else
            {
                Multiply(rows, i, Matrices[Matrices.Count == 1 ? 0 : head], sums, row);
            }
            Normalise(row);
            if (rotary is not null)
                turning.Turn(row, positionOf(batch, firstRow + i));
        }
        return TensorRows.Dense(destination, rows.Count, dim);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(TensorRows rows, int of, double[] matrix, double[] sums, Span<float> row)
    {
        sums.AsSpan().Clear();
        for (int d = 0; d < rows.Dim; d++)
            TensorPrimitives.FusedMultiplyAdd(matrix.AsSpan(d * sums.Length, sums.Length), ElementReader.Read(rows, of, d), sums, sums);
        for (int d = 0; d < row.Length; d++)
            row[d] = (float)sums[d];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalise(Span<float> row)
    {
        if (norm == RowNorm.None)
            return;
        double squares = Squares(row);
        double factor = norm == RowNorm.Rms ? 1 / Math.Sqrt(squares / row.Length + Epsilon)
            : squares == 0 ? 0 : 1 / Math.Sqrt(squares);
        if (weights is null)
        {
            Scale(row, factor);
            return;
        }
        for (int d = 0; d < row.Length; d++)
            row[d] = (float)(row[d] * factor * weights[d]);
    }

    // Eight sums side by side, whatever registers there are; those behind the last eight elements follow one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Squares(ReadOnlySpan<float> row)
    {
        Vector512<double> sums = Vector512<double>.Zero;
        int d = 0;
        for (; d + 8 <= row.Length; d += 8)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(row[d..]));
            Vector512<double> x = Vector512.Create(low, high);
            sums += x * x;
        }
        Vector256<double> four = sums.GetLower() + sums.GetUpper();
        double sum = four[0] + four[2] + (four[1] + four[3]);
        for (; d < row.Length; d++)
            sum += (double)row[d] * row[d];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(Span<float> row, double factor)
    {
        int d = 0;
        for (; d + 8 <= row.Length; d += 8)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create<float>(row[d..]));
            Vector256.Narrow(low * factor, high * factor).CopyTo(row[d..]);
        }
        for (; d < row.Length; d++)
            row[d] = (float)(row[d] * factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CanonicalNaN(Span<float> row)
    {
        int d = 0;
        for (; d + 8 <= row.Length; d += 8)
        {
            Vector256<float> x = Vector256.Create<float>(row[d..]);
            Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256.Create(float.NaN)).CopyTo(row[d..]);
        }
        for (; d < row.Length; d++)
            row[d] = float.IsNaN(row[d]) ? float.NaN : row[d];
    }
}
