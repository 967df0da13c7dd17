using Distributed.Engine.Checkpoints;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Masks;

namespace Distributed.Engine.Analytics;

/// <summary>What is worked out from one matrix of a job.</summary>
internal sealed class PlaneResults
{
    private const int NumbersAtOnce = 1 << 16;

    private readonly ReceivedMass? _received;
    private readonly TopLinks? _links;
    private readonly StrongestWeights? _strongest;
    private readonly PooledMatrix? _pooled;
    private readonly DistanceHistogram? _distances;
    private readonly SegmentMass? _segments;
    private readonly IPartialSink[] _all;

    public PlaneResults(
        AttentionPlane plane, in AttentionShape shape, AnalyticsOptions options, QueryPositions positions, (long First, long End) rows)
    {
        _received = options.Received ? new ReceivedMass(shape.KeyRows) : null;
        _links = options.Links is { } links ? new TopLinks((int)(rows.End - rows.First), links, (int)rows.First) : null;
        _strongest = options.Strongest is { } strongest ? new StrongestWeights(strongest) : null;
        _pooled = options.Pooled is { } cells
            ? PooledMatrix.AtLevel(shape.QueryRows, shape.KeyRows, PooledMatrix.LevelFor(shape.QueryRows, shape.KeyRows, cells), rows)
            : null;
        _distances = options.Distances
            ? new DistanceHistogram(positions, plane.Batch, DistanceHistogram.BinsFor(shape.QueryRows, shape.KeyRows)) : null;
        _segments = options.Segments is { } segments ? new SegmentMass(segments, options.KeySegments ?? segments) : null;
        IPartialSink?[] all = [_received, _links, _strongest, _pooled, _distances, _segments];
        _all = [.. all.OfType<IPartialSink>()];
        Sinks = new PlaneSinks(plane, _all);
    }

    public PlaneSinks Sinks { get; }

    /// <summary>Writes what was taken of some rows.</summary>
    public void Save(CheckpointWriter writer) => Array.ForEach(_all, sink => sink.Save(writer));

    /// <summary>Takes over what was saved of other rows.</summary>
    public void Add(CheckpointReader reader) => Array.ForEach(_all, sink => sink.Add(reader));

    /// <summary>Writes the results to their places, as the plane of so many that comes at <paramref name="index"/>.</summary>
    public void Write(int index, in AttentionShape shape, AnalyticsOptions options, Func<string, TensorWriter> tensor)
    {
        if (_received is not null)
            WriteParts(tensor("received"), index * shape.KeyRows, shape.KeyRows, _received.CopyTo);
        if (_links is not null)
            WriteLinks(index, tensor("link_keys"), tensor("link_weights"));
        if (_strongest is not null)
            WriteStrongest(index, options.Strongest!.Value, tensor);
        if (_pooled is not null)
        {
            WritePooled(index, tensor("pooled_mean"), tensor("pooled_max"));
        }
        if (_distances is not null)
        {
            int bins = _distances.Bins;
            WriteParts(tensor("distance_mass"), index * 2L * bins, 2L * bins, _distances.CopyTo);
        }
        if (_segments is not null)
        {
            long cells = (options.Segments!.Count - 1L) * ((options.KeySegments ?? options.Segments).Count - 1);
            WriteParts(tensor("segment_mass"), index * cells, cells, _segments.CopyTo);
        }
    }

    private void WritePooled(int index, TensorWriter mean, TensorWriter max)
    {
        int width = _pooled!.Width, rowsAtOnce = Math.Max(1, NumbersAtOnce / width);
        var means = new float[rowsAtOnce * width];
        for (int first = 0; first < _pooled.Height; first += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, _pooled.Height - first);
            for (int row = 0; row < rows; row++)
                _pooled.Means(first + row, means.AsSpan(row * width, width));
            long at = ((long)index * _pooled.Height + first) * width;
            mean.Write(at, means.AsSpan(0, rows * width));
            max.Write(at, _pooled.Maxima(first, rows));
        }
    }

    private void WriteLinks(int index, TensorWriter keys, TensorWriter weights)
    {
        int perRow = _links!.PerRow;
        int rowsAtOnce = Math.Max(1, NumbersAtOnce / perRow);
        var someKeys = new long[perRow * rowsAtOnce];
        var someWeights = new float[perRow * rowsAtOnce];
        for (int first = 0; first < _links.Rows; first += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, _links.Rows - first);
            for (int row = 0; row < rows; row++)
                _links.CopyTo(first + row, someKeys.AsSpan(row * perRow, perRow), someWeights.AsSpan(row * perRow, perRow));
            long at = ((long)index * _links.Rows + first) * perRow;
            keys.Write(at, someKeys.AsSpan(0, rows * perRow));
            weights.Write(at, someWeights.AsSpan(0, rows * perRow));
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

    private delegate void Copy(long first, Span<float> numbers);

    private static void WriteParts(TensorWriter tensor, long first, long count, Copy copy)
    {
        var part = new float[(int)Math.Min(NumbersAtOnce, count)];
        for (long at = 0; at < count; at += part.Length)
        {
            Span<float> some = part.AsSpan(0, (int)Math.Min(part.Length, count - at));
            copy(at, some);
            tensor.Write(first + at, some);
        }
    }
}
