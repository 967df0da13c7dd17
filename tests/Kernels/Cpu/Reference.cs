using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>Softmax attention of one head as its definition says, in float64.</summary>
internal static class Reference
{
    public static (double[,] Output, double[] LogSumExp) Attend(
        float[,] q, float[,] k, float[,] v, double scale, Func<int, int, bool> sees)
    {
        int rows = q.GetLength(0), keys = k.GetLength(0), dim = q.GetLength(1), valueDim = v.GetLength(1);
        var output = new double[rows, valueDim];
        var lse = new double[rows];
        for (int i = 0; i < rows; i++)
        {
            var score = new double[keys];
            double max = double.NegativeInfinity, sum = 0;
            for (int j = 0; j < keys; j++)
            {
                for (int d = 0; d < dim; d++)
                    score[j] += scale * q[i, d] * k[j, d];
                if (sees(i, j))
                    max = Math.Max(max, score[j]);
            }
            for (int j = 0; j < keys; j++)
            {
                if (!sees(i, j))
                    continue;
                double weight = Math.Exp(score[j] - max);
                sum += weight;
                for (int c = 0; c < valueDim; c++)
                    output[i, c] += weight * v[j, c];
            }
            for (int c = 0; c < valueDim; c++)
                output[i, c] = double.IsNegativeInfinity(max) ? 0 : output[i, c] / sum;
            lse[i] = max + Math.Log(sum);
        }
        return (output, lse);
    }

    /// <summary>A mask as a question about one row and one key, asked one bit at a time.</summary>
    public static unsafe Func<int, int, bool> Sees(IAttentionMask mask) => (row, key) =>
    {
        ulong word;
        var one = new MaskWords(&word, 1, 1);
        one.SetAll();
        mask.Apply(new MaskTile(0, 0, new(row, 1), new(key, 1)), one);
        return word != 0;
    };
}
