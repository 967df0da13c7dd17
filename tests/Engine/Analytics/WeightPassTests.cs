using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Analytics;

public sealed class WeightPassTests : IDisposable
{
    private const double Scale = 0.6;

    // A weight is 2 to the power of a score less an LSE, both F32 and up to about 30: half a unit in their last places.
    private const double Relative = 5e-6;

    private readonly List<NativeBuffer> _memory = [];

    [Theory]
    [InlineData(1, 1, 1, 1, 8)]
    [InlineData(3, 1, 1, 1, 5)]
    [InlineData(700, 1, 1, 0, 16)]
    [InlineData(1025, 3, 1, 2, 9)]
    [InlineData(2100, 4, 2, 1, 20)]
    public void Links_and_cells_are_those_of_float64(int rows, int heads, int keyHeads, int exclude, int dim)
    {
        Case made = Make(rows, heads, keyHeads, exclude, dim);
        (TopLinks links, PooledMatrix matrix) = made.Run(threads: 2, cells: 50);
        double[][] weights = made.ExactWeights();
        for (int row = 0; row < rows; row++)
        {
            int[] keys = Enumerable.Range(0, rows).Where(key => Math.Abs(key - row) > exclude)
                .OrderByDescending(key => weights[row][key]).Take(10).ToArray();
            Assert.Equal(keys.Length, links[row].Length);
            for (int i = 0; i < keys.Length; i++)
            {
                Assert.Equal(weights[row][keys[i]], links[row][i].Weight, Relative * weights[row][keys[i]] + 1e-12);
                Assert.Equal(
                    weights[row][links[row][i].Key], links[row][i].Weight, Relative * weights[row][keys[i]] + 1e-12);
            }
        }
        CheckCells(matrix, weights);
    }

    [Fact]
    public void The_bits_hang_neither_on_threads_nor_on_panels()
    {
        Case made = Make(rows: 2300, heads: 2, keyHeads: 1, exclude: 3, dim: 12);
        (TopLinks links, PooledMatrix matrix) = made.Run(threads: 1, cells: 64);
        foreach ((int threads, long panelBytes) in new[] { (4, 1L << 30), (3, 1L) })
        {
            (TopLinks again, PooledMatrix matrixAgain) = made.Run(threads, cells: 64, panelBytes);
            for (int row = 0; row < links.Rows; row++)
                Assert.Equal(links[row], again[row]);
            for (int cell = 0; cell < matrix.Height * matrix.Width; cell++)
            {
                (int y, int x) = (cell / matrix.Width, cell % matrix.Width);
                Assert.Equal(matrix.Max(y, x), matrixAgain.Max(y, x));
                Assert.Equal(matrix.Mean(y, x), matrixAgain.Mean(y, x));
            }
        }
    }

    [Fact]
    public void Of_equal_weights_the_smaller_key_comes_first()
    {
        Case made = Make(rows: 1100, heads: 1, keyHeads: 1, exclude: 0, dim: 4, equalRows: true);
        (TopLinks links, _) = made.Run(threads: 1, cells: 8);
        Assert.Equal(Enumerable.Range(0, 10), links[1050].ToArray().Select(link => link.Key));
        Assert.Equal([0, 1, 2, 4, 5, 6, 7, 8, 9, 10], links[3].ToArray().Select(link => link.Key));
    }

    [Fact]
    public async Task A_cancelled_pass_ends_so()
    {
        Case made = Make(rows: 600, heads: 1, keyHeads: 1, exclude: 0, dim: 4);
        using var pool = new ComputePool(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => made.Pass(1 << 20).RunAsync(Mean(new TopLinks(600, 3)), pool, null, new CancellationToken(true)));
    }

    [Fact]
    public void Lse_of_another_shape_is_refused()
    {
        Case made = Make(rows: 5, heads: 2, keyHeads: 1, exclude: 0, dim: 4);
        using var pool = new ComputePool(1);
        var pass = new WeightPass(made.Weights, new float[9]);
        Assert.Throws<ArgumentException>(() => pass.RunAsync([], pool).GetAwaiter().GetResult());
    }

    private static PlaneSinks[] Mean(params IWeightSink[] sinks) => [new(new AttentionPlane(0, HeadAggregation.Mean), sinks)];

    public void Dispose() => _memory.ForEach(buffer => buffer.Dispose());

    private static void CheckCells(PooledMatrix matrix, double[][] weights)
    {
        int rows = weights.Length, size = matrix.RowsPerCell;
        Assert.Equal((rows + size - 1) / size, matrix.Height);
        for (int y = 0; y < matrix.Height; y++)
        {
            for (int x = 0; x < matrix.Width; x++)
            {
                double[] cell = weights.Skip(y * size).Take(size)
                    .SelectMany(row => row.Skip(x * size).Take(size)).ToArray();
                Assert.Equal(cell.Max(), matrix.Max(y, x), Relative * cell.Max() + 1e-12);
                Assert.Equal(cell.Average(), matrix.Mean(y, x), Relative * cell.Average() + 1e-12);
            }
        }
    }

    private unsafe Case Make(int rows, int heads, int keyHeads, int exclude, int dim, bool equalRows = false)
    {
        var random = new Random(rows + dim);
        HeadTensor queries = Tensor(heads), keys = Tensor(keyHeads);
        return new Case(queries, keys, exclude);

        HeadTensor Tensor(int of)
        {
            var buffer = new NativeBuffer((nuint)(of * rows * dim * sizeof(float)));
            _memory.Add(buffer);
            for (int i = 0; i < of * rows * dim; i++)
                buffer.Floats[i] = equalRows ? 0.5f : (float)(random.NextDouble() * 4 - 2);
            return HeadTensor.Dense((nint)buffer.Pointer, ElementType.F32, HeadLayout.Bhsd, 1, of, rows, dim);
        }
    }

    private sealed record Case(HeadTensor Queries, HeadTensor Keys, int Exclude)
    {
        private readonly AttentionOptions _options = new() { Scale = Scale, ExcludedBand = Exclude, Threads = 2 };

        private readonly AttentionInput _input = new(Queries, Keys, Keys);

        public JobWeights Weights => new(_input, _options);

        public WeightPass Pass(long panelBytes)
        {
            var sink = new MemorySink(_input.Shape, keepOutput: false);
            EmbeddedEngine.RunAsync(_input, _options, sink).GetAwaiter().GetResult();
            return new WeightPass(Weights, sink.LogSumExp) { PanelBytes = panelBytes };
        }

        public (TopLinks Links, PooledMatrix Matrix) Run(int threads, int cells, long panelBytes = 1 << 20)
        {
            var links = new TopLinks((int)Queries.Rows, 10);
            var matrix = new PooledMatrix(Queries.Rows, Keys.Rows, cells);
            using var pool = new ComputePool(threads);
            Pass(panelBytes).RunAsync(Mean(links, matrix), pool).GetAwaiter().GetResult();
            return (links, matrix);
        }

        public double[][] ExactWeights()
        {
            int rows = (int)Queries.Rows;
            double[][] mean = Enumerable.Range(0, rows).Select(_ => new double[rows]).ToArray();
            for (int head = 0; head < Queries.Heads; head++)
            {
                for (int row = 0; row < rows; row++)
                {
                    double[] terms = Enumerable.Range(0, rows).Select(
                        key => Math.Abs(key - row) <= Exclude ? 0 : Math.Exp(Scale * Dot(head, row, key))).ToArray();
                    double sum = terms.Sum();
                    for (int key = 0; key < rows && sum > 0; key++)
                        mean[row][key] += terms[key] / sum / Queries.Heads;
                }
            }
            return mean;
        }

        private unsafe double Dot(int head, int row, int key)
        {
            var query = (float*)(Queries.Start + head * Queries.HeadStride + row * Queries.RowStride);
            int keyHead = head / (Queries.Heads / Keys.Heads);
            var of = (float*)(Keys.Start + keyHead * Keys.HeadStride + key * Keys.RowStride);
            double sum = 0;
            for (int d = 0; d < Queries.Dim; d++)
                sum += (double)query[d] * of[d];
            return sum;
        }
    }
}
