using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Analytics;

public sealed class JobAnalyticsTests : IDisposable
{
    private const double Tolerance = 4e-6;

    private readonly string _folder = Directory.CreateTempSubdirectory("analytics").FullName;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 30)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_tensor_equals_float64(int seed)
    {
        var random = new Random(5000 + seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 180);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 70), shape);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options) };
        var asked = new AnalyticsOptions
        {
            Heads = (HeadAggregation)random.Next(3),
            Received = true,
            Links = random.Next(1, 6),
            Strongest = random.Next(1, 30),
            Pooled = random.Next(1, 60),
            Distances = true,
            Segments = Cuts(random, shape.QueryRows),
            KeySegments = Cuts(random, shape.KeyRows),
        };

        Dictionary<string, float[]> found = await RunAsync(problem, options, asked, threads: 2);

        string what = $"{shape}, {options}, {asked}";
        double[][] planes = Planes(shape, problem.JudgeWeights(options), asked.Heads);
        int rows = (int)shape.QueryRows, keys = (int)shape.KeyRows, cell = 1 << PooledMatrix.LevelFor(rows, keys, asked.Pooled!.Value);
        int height = (rows + cell - 1) / cell, width = (keys + cell - 1) / cell, bins = DistanceHistogram.BinsFor(rows, keys);
        for (int p = 0; p < planes.Length; p++)
        {
            double[] w = planes[p];
            double At(int row, int key) => w[row * keys + key];
            Check("received", Enumerable.Range(0, keys).Select(key => Enumerable.Range(0, rows).Sum(row => At(row, key))));
            Check("pooled_mean", Cells(cell, (sum, count, _) => sum / count));
            Check("pooled_max", Cells(cell, (_, _, max) => max));
            var mass = new double[2 * bins];
            for (int i = 0; i < w.Length; i++)
            {
                int batch = asked.Heads == HeadAggregation.Each ? p / shape.QueryHeads : p;
                long d = Attention64.PositionOf(shape, options, batch, i / keys) - i % keys;
                int bin = d == 0 ? 0 : Math.Min(bins - 1, 1 + (int)Math.Floor(Math.Log2(Math.Abs(d))));
                mass[(d < 0 ? bins : 0) + bin] += w[i];
            }
            Check("distance_mass", mass);
            Check("segment_mass", Pairs(asked.Segments!).SelectMany(r => Pairs(asked.KeySegments!).Select(k => Enumerable.Range((int)r.First, (int)(r.Second - r.First))
                .Sum(row => Enumerable.Range((int)k.First, (int)(k.Second - k.First)).Sum(key => At(row, key))))));
            double[] strongest = [.. w.OrderDescending().Take(asked.Strongest!.Value)];
            Check("strongest_weights", [.. strongest, .. Enumerable.Repeat(0.0, asked.Strongest.Value - strongest.Length)]);
            Check("link_weights", Enumerable.Range(0, rows).SelectMany(row => w.Skip(row * keys).Take(keys).OrderDescending().Concat(Enumerable.Repeat(0.0, 6)).Take(asked.Links!.Value)));
            for (int i = 0; i < rows * asked.Links!.Value; i++)
            {
                float of = found["link_weights"][p * rows * asked.Links.Value + i], key = found["link_keys"][p * rows * asked.Links.Value + i];
                Assert.True(key < 0 ? of == 0 : Math.Abs(At(i / asked.Links.Value, (int)key) - of) <= Tolerance, $"link {i} of plane {p}: {of} at key {key}; {what}");
            }
            for (int i = 0; i < asked.Strongest.Value; i++)
            {
                int at = p * asked.Strongest.Value + i;
                (float row, float key, float of) = (found["strongest_rows"][at], found["strongest_keys"][at], found["strongest_weights"][at]);
                Assert.True(row < 0 ? of == 0 : Math.Abs(At((int)row, (int)key) - of) <= Tolerance, $"strongest {i} of plane {p}: {of} at {row}, {key}; {what}");
            }

            void Check(string name, IEnumerable<double> expected)
            {
                double[] all = [.. expected];
                float[] part = found[name].AsSpan(p * all.Length, all.Length).ToArray();
                for (int i = 0; i < all.Length; i++)
                {
                    Assert.True(
                        Math.Abs(all[i] - part[i]) <= Tolerance * Math.Max(1, all[i]), $"{name}[{i}] of plane {p} is {part[i]:R} instead of {all[i]:R}; {what}");
                }
            }

            IEnumerable<double> Cells(int cell, Func<double, int, double, double> of) =>
                from y in Enumerable.Range(0, height)
                from x in Enumerable.Range(0, width)
                let inside = (from row in Enumerable.Range(y * cell, Math.Min(cell, rows - y * cell))
                              from key in Enumerable.Range(x * cell, Math.Min(cell, keys - x * cell))
                              select At(row, key)).ToArray()
                select of(inside.Sum(), inside.Length, inside.Max());
        }
    }

    [Theory]
    [InlineData(HeadAggregation.Each)]
    [InlineData(HeadAggregation.Mean)]
    [InlineData(HeadAggregation.Max)]
    public async Task Threads_change_no_bit(HeadAggregation heads)
    {
        AttentionShape shape = new(1, 4, 2, 1500, 2300, 9, 4);
        AttentionOptions options = new() { Causal = CausalAlignment.BottomRight };
        var problem = new Problem(shape, 1);
        var asked = new AnalyticsOptions { Heads = heads, Received = true, Links = 3, Strongest = 40, Pooled = 90, Distances = true, Segments = [0, 100, 1500], KeySegments = [0, 7, 2300] };
        Dictionary<string, float[]> expected = await RunAsync(problem, options, asked, threads: 1);
        Dictionary<string, float[]> actual = await RunAsync(problem, options, asked, threads: 3);
        foreach ((string name, float[] numbers) in expected)
            Compare.SameBits(numbers, actual[name], name);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Rows_lse_worked_out_alone_has_the_bits_of_the_job(int seed)
    {
        var random = new Random(6000 + seed);
        AttentionShape shape = Problem.RandomShapeWithPast(random, 200);
        AttentionOptions options = Problem.RandomOptions(random, random.Next(1, 70), shape);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options) };
        float[] expected = (await problem.RunAsync(options)).LogSumExp;
        float[] actual = await problem.WithInput(input =>
        {
            var weights = new JobWeights(input, options);
            var lse = new float[expected.Length];
            using var scratch = new ComputeScratch();
            for (int plane = 0; plane < shape.Batch * shape.QueryHeads; plane++)
            {
                for (int span = 0; span < weights.Plan.QueryGrid.Count; span++)
                {
                    var rows = weights.Plan.QueryGrid[span];
                    weights.LogSumExp(
                        plane / shape.QueryHeads, plane % shape.QueryHeads, rows,
                        lse.AsSpan((int)(plane * shape.QueryRows + rows.Start), rows.Count), scratch);
                }
            }
            return Task.FromResult(lse);
        });
        Compare.SameBits(expected, actual, $"LSE of {shape}, {options}");
    }

    private async Task<Dictionary<string, float[]>> RunAsync(Problem problem, AttentionOptions options, AnalyticsOptions asked, int threads)
    {
        float[] lse = (await problem.RunAsync(options)).LogSumExp;
        string path = Path.Combine(_folder, $"{Guid.NewGuid()}.safetensors");
        using (TensorFileWriter writer = TensorFileWriter.Create(path, [.. JobAnalytics.Tensors(problem.Shape, asked)]))
        {
            using var pool = new ComputePool(threads);
            await problem.WithInput(async input =>
            {
                var analytics = new JobAnalytics(problem.Shape, options, asked);
                await analytics.RunAsync(new JobWeights(input, options), lse, pool, null, default);
                await analytics.WriteAsync(name => writer[name], pool);
                return 0;
            });
            writer.Commit();
        }
        using TensorFile file = TensorFile.Open(path);
        var found = new Dictionary<string, float[]>();
        foreach (TensorInfo info in file.Tensors)
        {
            MappedTensor tensor = file.Map(info.Name);
            var numbers = new float[info.ElementCount];
            if (info.Type == FileElementType.I64)
                numbers = [.. tensor.ReadI64().Select(whole => (float)whole)];
            else
                tensor.ReadF32(0, numbers);
            found.Add(info.Name, numbers);
        }
        return found;
    }

    private static double[][] Planes(AttentionShape shape, double[] weights, HeadAggregation heads)
    {
        int size = (int)(shape.QueryRows * shape.KeyRows);
        double[][] each = [.. weights.Chunk(size)];
        if (heads == HeadAggregation.Each)
            return each;
        return [.. each.Chunk(shape.QueryHeads).Select(of => Enumerable.Range(0, size).Select(
            i => heads == HeadAggregation.Mean ? of.Average(plane => plane[i]) : of.Max(plane => plane[i])).ToArray())];
    }

    private static long[] Cuts(Random random, long end) =>
        [.. Enumerable.Range(0, 3).Select(_ => (long)random.Next(1, (int)end + 1)).Append(0).Append(end).Distinct().Order()];

    private static IEnumerable<(long First, long Second)> Pairs(IReadOnlyList<long> starts) => starts.Zip(starts.Skip(1));
}
