using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Atlas;

/// <summary>
/// The attention matrix of a finished job as a map: coarse levels from one pass over the weights, fine ones computed from
/// queries, keys and LSE when they are asked for. Every number is exact; nothing is sampled.
/// </summary>
public sealed class AttentionAtlas : IDisposable
{
    // Some wait in the queue of the threads, so that no thread waits for the next.
    private const int TilesPerThread = 3;

    private readonly JobWeights _weights;
    private readonly ReadOnlyMemory<float> _logSumExp;
    private readonly ComputePool _pool;
    private readonly Dictionary<AttentionPlane, OverviewPlane> _overview;
    private readonly AtlasCache _cache;

    private AttentionAtlas(
        JobWeights weights, ReadOnlyMemory<float> logSumExp, AtlasOptions options, Dictionary<AttentionPlane, OverviewPlane> overview)
    {
        (_weights, _logSumExp, _overview) = (weights, logSumExp, overview);
        _pool = ComputePool.Shared(options.Threads);
        _cache = new AtlasCache(options.CacheBytes, options.Threads * TilesPerThread);
    }

    /// <summary>The pyramid.</summary>
    public AtlasGeometry Geometry => new(Shape.QueryRows, Shape.KeyRows);

    /// <summary>The job's sizes.</summary>
    public AttentionShape Shape => _weights.Shape;

    /// <summary>The finest level of a matrix that is in memory; finer ones are computed on demand.</summary>
    /// <exception cref="InputException">There is no such matrix.</exception>
    public int OverviewLevel(AttentionPlane plane) => Overview(plane).Level;

    /// <summary>Bytes of tiles held: the overview, and what was computed on demand.</summary>
    public (long Overview, long Cache) Bytes => (_overview.Values.Sum(plane => plane.Bytes), _cache.Bytes);

    /// <summary>The matrices that there are: each head's, their mean, their largest, of every batch entry.</summary>
    public IEnumerable<AttentionPlane> Planes => _overview.Keys;

    /// <summary>Walks the weights once and makes the overview.</summary>
    /// <param name="weights">The job's weights; the tensors must stay.</param>
    /// <param name="logSumExp">LSE <c>[B, Hq, Sq]</c> of the job, natural log.</param>
    /// <param name="options">With how much of the machine.</param>
    /// <param name="progress">Told the share done, 0 to 1; null = nobody.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">The matrix has no row or no key.</exception>
    public static async Task<AttentionAtlas> CreateAsync(
        JobWeights weights, ReadOnlyMemory<float> logSumExp, AtlasOptions options, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        AttentionShape shape = weights.Shape;
        if (shape.QueryRows < 1 || shape.KeyRows < 1 || shape.QueryHeads < 1 || shape.Batch < 1)
            throw new InputException($"An attention of {shape.Batch} batch entries, {shape.QueryHeads} heads, {shape.QueryRows} rows and {shape.KeyRows} keys has nothing to look at.");
        AttentionPlane[] planes = [.. Enumerable.Range(0, shape.Batch).SelectMany(batch => PlanesOf(batch, shape.QueryHeads))];
        var geometry = new AtlasGeometry(shape.QueryRows, shape.KeyRows);
        var overview = OverviewLevels.Choose(weights, planes, options).ToDictionary(plane => plane.Key, plane => new OverviewPlane(geometry, plane.Value));
        ComputePool pool = ComputePool.Shared(options.Threads);
        await new WeightPass(weights, logSumExp).RunAsync(
            [.. overview.Select(plane => new PlaneSinks(plane.Key, [plane.Value]))], pool, progress, cancellation).ConfigureAwait(false);
        foreach (OverviewPlane plane in overview.Values)
            await plane.FinishAsync(pool, cancellation).ConfigureAwait(false);
        return new AttentionAtlas(weights, logSumExp, options, overview);
    }

    /// <summary>A tile.</summary>
    /// <exception cref="InputException">There is no such tile.</exception>
    public async Task<AtlasTile> TileAsync(AtlasAddress address, CancellationToken cancellation)
    {
        OverviewPlane overview = Overview(address.Plane);
        if (!Geometry.Has(address.Level, address.X, address.Y))
        {
            throw new InputException(
                $"There is no tile {address.X}, {address.Y} at level {address.Level}; levels 0 to {Geometry.TopLevel} of {Shape.QueryRows} rows and {Shape.KeyRows} keys are there.");
        }
        if (address.Level >= overview.Level)
            return overview[address.Level, address.X, address.Y];
        return HidesAll(address)
            ? AtlasTile.Empty
            : await _cache.GetAsync(address, () => ComputeAsync(address), cancellation).ConfigureAwait(false);
    }

    /// <summary>The weights of a rectangle, row after row.</summary>
    /// <param name="plane">The matrix.</param>
    /// <param name="rows">Rows, from the first to behind the last.</param>
    /// <param name="keys">Keys, from the first to behind the last.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">It is not in the matrix, or more than 2^24 weights.</exception>
    public async Task<float[]> WeightsAsync(
        AttentionPlane plane, (long First, long End) rows, (long First, long End) keys, CancellationToken cancellation)
    {
        Overview(plane);
        return await WeightRectangle.ReadAsync(_weights, _logSumExp, plane, rows, keys, _pool, cancellation).ConfigureAwait(false);
    }

    /// <summary>The strongest weights of a rectangle: exact, however large it is.</summary>
    /// <param name="plane">The matrix.</param>
    /// <param name="rows">Rows, from the first to behind the last.</param>
    /// <param name="keys">Keys, from the first to behind the last.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">It is not in the matrix.</exception>
    public Task<IReadOnlyList<PlacedWeight>> StrongestAsync(
        AttentionPlane plane, (long First, long End) rows, (long First, long End) keys, int count, CancellationToken cancellation)
    {
        WeightRectangle.Check(Shape, rows, keys);
        return new StrongestInView(_weights, _logSumExp, Overview(plane), _pool).FindAsync(plane, rows, keys, count, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private static IEnumerable<AttentionPlane> PlanesOf(int batch, int heads) => heads == 1
        ? AttentionPlane.Of(batch, HeadAggregation.Each, 1)
        : [new(batch, HeadAggregation.Mean), new(batch, HeadAggregation.Max), .. AttentionPlane.Of(batch, HeadAggregation.Each, heads)];

    private bool HidesAll(AtlasAddress address)
    {
        IEnumerable<int> heads = address.Plane.Heads == HeadAggregation.Each ? [address.Plane.Head] : Enumerable.Range(0, Shape.QueryHeads);
        return heads.All(head => _weights.Hides(OverviewLevels.Area(Geometry, head, address.Plane.Batch, address.Level, address.X, address.Y)));
    }

    private OverviewPlane Overview(AttentionPlane plane) => _overview.TryGetValue(plane, out OverviewPlane? overview)
        ? overview
        : throw new InputException($"There is no matrix of batch entry {plane.Batch}, heads {plane.Heads}, head {plane.Head}; the job has {Shape.Batch} batch entries of {Shape.QueryHeads} heads.");

    // A screenful is many tiles, so each thread makes whole ones.
    private async Task<AtlasTile> ComputeAsync(AtlasAddress address)
    {
        AtlasTile? tile = null;
        var pass = new WeightPass(_weights, _logSumExp)
        {
            Rows = Geometry.RowsOf(address.Level, address.Y),
            Keys = Geometry.KeysOf(address.Level, address.X),
        };
        await _pool.RunAsync(scratch =>
        {
            tile = new AtlasTile();
            var sink = new TileSink(tile, address.Level, address.X, address.Y);
            pass.RunAsync([new PlaneSinks(address.Plane, [sink])], new ThisThread(scratch)).GetAwaiter().GetResult();
            tile.Average(Geometry, address.Level, address.X, address.Y);
        }).ConfigureAwait(false);
        return tile!;
    }
}
