using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Masks;

namespace Distributed.Engine.Analytics;

/// <summary>What is worked out from one matrix of a job.</summary>
internal sealed class PlaneResults
{
    private readonly ReceivedMass? _received;
    private readonly TopLinks? _links;
    private readonly StrongestWeights? _strongest;
    private readonly PooledMatrix? _pooled;
    private readonly DistanceHistogram? _distances;
    private readonly SegmentMass? _segments;

    public PlaneResults(AttentionPlane plane, in AttentionShape shape, AnalyticsOptions options, QueryPositions positions)
    {
        _received = options.Received ? new ReceivedMass(shape.KeyRows) : null;
        _links = options.Links is { } links ? new TopLinks((int)shape.QueryRows, links) : null;
        _strongest = options.Strongest is { } strongest ? new StrongestWeights(strongest) : null;
        _pooled = options.Pooled is { } cells
            ? PooledMatrix.AtLevel(shape.QueryRows, shape.KeyRows, PooledMatrix.LevelFor(shape.QueryRows, shape.KeyRows, cells))
            : null;
        _distances = options.Distances
            ? new DistanceHistogram(positions, plane.Batch, DistanceHistogram.BinsFor(shape.QueryRows, shape.KeyRows)) : null;
        _segments = options.Segments is { } segments ? new SegmentMass(segments, options.KeySegments ?? segments) : null;
        IWeightSink?[] all = [_received, _links, _strongest, _pooled, _distances, _segments];
        Sinks = new PlaneSinks(plane, [.. all.OfType<IWeightSink>()]);
    }

    public PlaneSinks Sinks { get; }

    /// <summary>Writes the results to their places, as the plane of so many that comes at <paramref name="index"/>.</summary>
    public void Write(int index, in AttentionShape shape, AnalyticsOptions options, Func<string, TensorWriter> tensor)
    {
        if (_received is not null)
            WriteEach(tensor("received"), index * shape.KeyRows, shape.KeyRows, key => (float)_received[key]);
        if (_links is not null)
            WriteLinks(index, tensor("link_keys"), tensor("link_weights"));
        if (_strongest is not null)
            WriteStrongest(index, options.Strongest!.Value, tensor);
        if (_pooled is not null)
        {
            long cells = (long)_pooled.Height * _pooled.Width;
            WriteEach(tensor("pooled_mean"), index * cells, cells, i => (float)_pooled.Mean((int)(i / _pooled.Width), (int)(i % _pooled.Width)));
            WriteEach(tensor("pooled_max"), index * cells, cells, i => _pooled.Max((int)(i / _pooled.Width), (int)(i % _pooled.Width)));
        }
        if (_distances is not null)
        {
            int bins = _distances.Bins;
            WriteEach(tensor("distance_mass"), index * 2L * bins, 2L * bins, i => (float)_distances.Mass(i >= bins, (int)(i % bins)));
        }
        if (_segments is not null)
        {
            int across = (options.KeySegments ?? options.Segments!).Count - 1;
            long cells = (options.Segments!.Count - 1L) * across;
            WriteEach(tensor("segment_mass"), index * cells, cells, i => (float)_segments[(int)(i / across), (int)(i % across)]);
        }
    }

    private void WriteLinks(int index, TensorWriter keys, TensorWriter weights)
    {
        int perRow = _links!.PerRow;
        var rowKeys = new long[perRow];
        var rowWeights = new float[perRow];
        for (int row = 0; row < _links.Rows; row++)
        {
            ReadOnlySpan<Link> links = _links[row];
            for (int i = 0; i < perRow; i++)
                (rowKeys[i], rowWeights[i]) = i < links.Length ? (links[i].Key, links[i].Weight) : (-1, 0);
            long at = ((long)index * _links.Rows + row) * perRow;
            keys.Write(at, rowKeys);
            weights.Write(at, rowWeights);
        }
    }

    private void WriteStrongest(int index, int count, Func<string, TensorWriter> tensor)
    {
        IReadOnlyList<PlacedWeight> ordered = _strongest!.Ordered;
        IEnumerable<PlacedWeight> filled = ordered.Concat(Enumerable.Repeat(new PlacedWeight(-1, -1, 0), count - ordered.Count));
        tensor("strongest_rows").Write((long)index * count, [.. filled.Select(weight => weight.Row)]);
        tensor("strongest_keys").Write((long)index * count, [.. filled.Select(weight => weight.Key)]);
        tensor("strongest_weights").Write((long)index * count, [.. filled.Select(weight => weight.Weight)]);
    }

    private static void WriteEach(TensorWriter tensor, long first, long count, Func<long, float> number)
    {
        const int AtOnce = 1 << 16;
        var part = new float[(int)Math.Min(AtOnce, count)];
        for (long at = 0; at < count; at += part.Length)
        {
            Span<float> some = part.AsSpan(0, (int)Math.Min(part.Length, count - at));
            for (int i = 0; i < some.Length; i++)
                some[i] = number(at + i);
            tensor.Write(first + at, some);
        }
    }
}
