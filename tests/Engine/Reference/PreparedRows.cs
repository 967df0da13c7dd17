using System.Numerics;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Norm and rotary embedding in float64: pairs as complex numbers, turned by e^(i · position · frequency).</summary>
internal static class PreparedRows
{
    public static double[] Of(
        float[] rows, int batch, int heads, long rowCount, int dim, AttentionOptions options, float[]? weights,
        Func<long, long, long> positionOf, double[][]? matrices = null)
    {
        double[] prepared = [.. rows.Select(x => (double)x)];
        for (int row = 0; row < batch * heads * rowCount; row++)
        {
            Span<double> of = prepared.AsSpan(row * dim, dim);
            if (matrices is not null)
            {
                double[] matrix = matrices[matrices.Length == 1 ? 0 : row / rowCount % heads], x = of.ToArray();
                for (int e = 0; e < dim; e++)
                    of[e] = Enumerable.Range(0, dim).Sum(d => x[d] * matrix[d * dim + e]);
            }
            double squares = 0;
            foreach (double x in of)
                squares += x * x;
            for (int d = 0; d < dim && options.QkNorm != RowNorm.None; d++)
            {
                of[d] *= options.QkNorm == RowNorm.L2 ? squares == 0 ? 0 : Math.Pow(squares, -0.5) : Math.Pow(squares / dim + 1e-6, -0.5);
                of[d] *= weights?[d] ?? 1;
            }
            if (options.Rotary is { } rotary)
                Turn(of, rotary, positionOf(row / rowCount / heads, row % rowCount));
        }
        return prepared;
    }

    private static void Turn(Span<double> row, RotaryOptions rotary, long position)
    {
        int dims = rotary.Dims ?? row.Length;
        double factor = rotary.Scaling?.Factor ?? 1;
        bool yarn = rotary.Scaling?.Kind == RotaryScalingKind.Yarn;
        for (int i = 0; i < dims / 2; i++)
        {
            double @base = rotary.Scaling?.Kind == RotaryScalingKind.Ntk ? rotary.Base * Math.Pow(factor, dims / (dims - 2.0)) : rotary.Base;
            double frequency = Math.Exp(-Math.Log(@base) * 2 * i / dims);
            if (rotary.Scaling?.Kind == RotaryScalingKind.Linear)
                frequency /= factor;
            if (yarn)
            {
                // The share of a pair that is interpolated grows from 0, where it turns 32 times over the trained length, to 1.
                double At(double turns) => dims / 2.0 * Math.Log(rotary.Scaling!.Trained!.Value / (2 * Math.PI * turns)) / Math.Log(@base);
                double low = Math.Max(0, Math.Floor(At(32))), high = Math.Min(dims - 1, Math.Ceiling(At(1)));
                double share = Math.Min(1, Math.Max(0, (i - low) / (high == low ? 0.001 : high - low)));
                frequency = (1 - share) * frequency + share * frequency / factor;
            }
            (int a, int b) = rotary.Interleaved ? (2 * i, 2 * i + 1) : (i, i + dims / 2);
            Complex turned = new Complex(row[a], row[b]) * Complex.FromPolarCoordinates(yarn && factor > 1 ? 1 + Math.Log(factor) / 10 : 1, position * frequency);
            (row[a], row[b]) = (turned.Real, turned.Imaginary);
        }
    }
}
