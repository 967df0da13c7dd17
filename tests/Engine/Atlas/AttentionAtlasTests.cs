using Distributed.Engine.Analytics;
using Distributed.Engine.Atlas;
using Distributed.Engine.Jobs;
using Distributed.Engine.Pictures;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Atlas;

public class AttentionAtlasTests
{
    private const double Tolerance = 4e-6;

    public static TheoryData<int, int> Cases => new()
    {
        { 1, 0 }, { 2, 1 }, { 3, 2 }, { 4, 3 }, { 5, 0 }, { 6, 1 }, { 7, 2 }, { 8, 3 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_cell_of_every_tile_equals_float64(int seed, int overview)
    {
        var random = new Random(seed);
        AttentionShape shape = Problem.RandomShape(random, 700) with { Batch = 1, QueryHeads = 2, KeyHeads = 1, QueryRows = random.Next(1, 700), KeyRows = random.Next(200, 900) };
        AttentionOptions options = Problem.RandomOptions(random, 1024, shape);
        var problem = new Problem(shape, seed) { Tensors = new RandomTensors(shape, random, options) };
        double[] exact = problem.JudgeWeights(options);
        await WithAtlas(problem, options, new AtlasOptions { FinestOverview = overview, Threads = 2 }, async atlas =>
        {
            Assert.All(atlas.Planes, plane => Assert.Equal(Math.Min(overview, atlas.Geometry.TopLevel), atlas.OverviewLevel(plane)));
            foreach (AttentionPlane plane in atlas.Planes)
            {
                double[] matrix = Matrix(shape, exact, plane);
                for (int level = 0; level <= atlas.Geometry.TopLevel; level++)
                {
                    (int across, int down) = atlas.Geometry.TilesAt(level);
                    for (int tile = 0; tile < across * down; tile++)
                    {
                        var address = new AtlasAddress(plane, level, tile % across, tile / across);
                        Check(await atlas.TileAsync(address, default), matrix, shape, address, $"{address}, {shape}, {options}");
                    }
                }
            }
            return 0;
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task The_strongest_in_a_view_are_those_of_all_its_weights(int seed)
    {
        var random = new Random(seed);
        var shape = new AttentionShape(1, 2, 1, 2900, 2600, 6, 4);
        AttentionOptions options = new() { Causal = CausalAlignment.TopLeft, Scale = 0.9, Threads = 2 };
        var problem = new Problem(shape, seed);
        await WithAtlas(problem, options, new AtlasOptions { FinestOverview = 4, Threads = 2 }, async atlas =>
        {
            foreach (AttentionPlane plane in atlas.Planes)
            {
                (long, long) rows = (random.Next(0, 300), random.Next(2500, 2901)), keys = (random.Next(0, 100), random.Next(2400, 2601));
                IReadOnlyList<PlacedWeight> found = await atlas.StrongestAsync(plane, rows, keys, 40, default);

                var all = new List<PlacedWeight>();
                for (long row = rows.Item1; row < rows.Item2; row += 500)
                {
                    (long, long) part = (row, Math.Min(row + 500, rows.Item2));
                    float[] weights = await atlas.WeightsAsync(plane, part, keys, default);
                    all.AddRange(weights.Select((weight, i) => new PlacedWeight(row + i / (keys.Item2 - keys.Item1), keys.Item1 + i % (keys.Item2 - keys.Item1), weight)));
                }
                Assert.Equal(all.Order(PlacedWeight.StrongestFirst).Take(40), found);
            }
            return 0;
        });
    }

    [Fact]
    public async Task A_pixel_has_the_colour_of_its_weight()
    {
        var shape = new AttentionShape(1, 1, 1, 300, 300, 5, 5);
        AttentionOptions options = new() { Scale = 1, Threads = 2 };
        var problem = new Problem(shape, 5);
        double[] exact = problem.JudgeWeights(options);
        var colours = new TileColours(Logarithmic: true, 1e-6, 1);
        Raster picture = await WithAtlas(problem, options, new AtlasOptions { FinestOverview = 1 }, async atlas => colours.Draw(
            await atlas.TileAsync(new AtlasAddress(atlas.Planes.Single(), 0, 0, 0), default), AtlasPooling.Max));
        for (int i = 0; i < 256 * 256; i++)
        {
            double position = Math.Clamp((Math.Log10(exact[i / 256 * 300 + i % 256]) + 6) / 6, 0, 1);
            Rgb[] either = [ColourMap.At(position - 1e-5), ColourMap.At(position + 1e-5)];
            Assert.Contains(picture[i % 256, i / 256], either);
        }
    }

    [Fact]
    public async Task Tiles_beyond_the_limit_are_dropped_and_made_again()
    {
        var shape = new AttentionShape(1, 1, 1, 1500, 1500, 5, 5);
        var problem = new Problem(shape, 6);
        var options = new AtlasOptions { FinestOverview = 3, CacheBytes = 3 * AtlasTile.Bytes };
        await WithAtlas(problem, new AttentionOptions { Threads = 2 }, options, async atlas =>
        {
            AttentionPlane plane = atlas.Planes.Single();
            float[] first = [.. (await atlas.TileAsync(new AtlasAddress(plane, 0, 0, 0), default)).Max];
            for (int tile = 1; tile < 36; tile++)
            {
                await atlas.TileAsync(new AtlasAddress(plane, 0, tile % 6, tile / 6), default);
                Assert.InRange(atlas.Bytes.Cache, AtlasTile.Bytes, 3 * AtlasTile.Bytes);
            }
            Assert.Equal(first, (await atlas.TileAsync(new AtlasAddress(plane, 0, 0, 0), default)).Max);
            return 0;
        });
    }

    [Fact]
    public async Task A_narrow_window_takes_memory_for_its_own_tiles_alone()
    {
        var shape = new AttentionShape(1, 1, 1, 20_000, 20_000, 4, 4);
        var problem = new Problem(shape, 7);
        var options = new AttentionOptions { Window = new SlidingWindow(50, 0), Causal = CausalAlignment.TopLeft, Threads = 2 };
        await WithAtlas(problem, options, new AtlasOptions { FinestOverview = 2, OverviewBytes = 64L << 20 }, atlas =>
        {
            Assert.Equal(2, atlas.OverviewLevel(atlas.Planes.Single()));
            Assert.InRange(atlas.Bytes.Overview, 39 * AtlasTile.Bytes, 64L << 20);
            return Task.FromResult(0);
        });
    }

    [Theory]
    [InlineData(2e7, 3, 3)]
    [InlineData(7e6, 3, 1)]
    [InlineData(2e6, 1, 0)]
    public async Task The_mean_of_heads_is_held_finer_than_each_where_computing_it_takes_long(double weights, int ofEach, int ofMean)
    {
        // A weight is 2 · 4 + 64 operations. A screenful of level 0 is 24 tiles of 256 × 256 weights; one of level 1 would be more
        // than the matrix. Four heads cost four times as much.
        var problem = new Problem(new AttentionShape(1, 4, 4, 2000, 2000, 4, 4), 9);
        var options = new AtlasOptions { FinestOverview = 3, DemandOperations = weights * 72, Threads = 2 };
        await WithAtlas(problem, new AttentionOptions { Threads = 2 }, options, atlas =>
        {
            Assert.Equal(ofEach, atlas.OverviewLevel(new AttentionPlane(0, HeadAggregation.Each, 1)));
            Assert.Equal(ofMean, atlas.OverviewLevel(new AttentionPlane(0, HeadAggregation.Mean)));
            Assert.Equal(ofMean, atlas.OverviewLevel(new AttentionPlane(0, HeadAggregation.Max)));
            return Task.FromResult(0);
        });
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(9, 0, 0)]
    [InlineData(0, 2, 0)]
    [InlineData(0, 0, -1)]
    public async Task What_is_not_in_the_pyramid_is_refused(int level, int x, int y)
    {
        var problem = new Problem(new AttentionShape(1, 1, 1, 300, 300, 4, 4), 8);
        await WithAtlas(problem, new AttentionOptions { Threads = 1 }, new AtlasOptions(), async atlas =>
        {
            await Assert.ThrowsAsync<InputException>(() => atlas.TileAsync(new AtlasAddress(atlas.Planes.Single(), level, x, y), default));
            await Assert.ThrowsAsync<InputException>(() => atlas.TileAsync(new AtlasAddress(new AttentionPlane(0, HeadAggregation.Each, 1), 0, 0, 0), default));
            await Assert.ThrowsAsync<InputException>(() => atlas.WeightsAsync(atlas.Planes.Single(), (0, 301), (0, 1), default));
            return 0;
        });
    }

    private static async Task<T> WithAtlas<T>(Problem problem, AttentionOptions options, AtlasOptions atlasOptions, Func<AttentionAtlas, Task<T>> use)
    {
        float[] lse = (await problem.RunAsync(options with { RowStatistics = null })).LogSumExp;
        return await problem.WithInput(async input =>
        {
            using AttentionAtlas atlas = await AttentionAtlas.CreateAsync(new JobWeights(input, options), lse, atlasOptions, null, default);
            return await use(atlas);
        });
    }

    private static void Check(AtlasTile tile, double[] matrix, AttentionShape shape, AtlasAddress address, string what)
    {
        int size = 1 << address.Level;
        for (int cell = 0; cell < 256 * 256; cell++)
        {
            long firstRow = ((long)address.Y * 256 + cell / 256) * size, firstKey = ((long)address.X * 256 + cell % 256) * size;
            double max = 0, sum = 0;
            int count = 0;
            for (long row = firstRow; row < Math.Min(firstRow + size, shape.QueryRows); row++)
            {
                for (long key = firstKey; key < Math.Min(firstKey + size, shape.KeyRows); key++, count++)
                {
                    max = Math.Max(max, matrix[row * shape.KeyRows + key]);
                    sum += matrix[row * shape.KeyRows + key];
                }
            }
            double mean = count == 0 ? 0 : sum / count;
            Assert.True(Math.Abs(max - tile.Max[cell]) <= Tolerance, $"largest of cell {cell} is {tile.Max[cell]} instead of {max}: {what}");
            Assert.True(Math.Abs(mean - tile.Mean[cell]) <= Tolerance, $"mean of cell {cell} is {tile.Mean[cell]} instead of {mean}: {what}");
        }
    }

    private static double[] Matrix(AttentionShape shape, double[] weights, AttentionPlane plane)
    {
        int size = (int)(shape.QueryRows * shape.KeyRows);
        double[][] heads = [.. weights.Chunk(size)];
        return plane.Heads switch
        {
            HeadAggregation.Each => heads[plane.Head],
            HeadAggregation.Mean => [.. Enumerable.Range(0, size).Select(i => heads.Average(head => head[i]))],
            _ => [.. Enumerable.Range(0, size).Select(i => heads.Max(head => head[i]))],
        };
    }
}
