using Distributed.Engine.Checkpoints;
using Distributed.Engine.Compute;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Analytics;

/// <summary>The second pass of a job: the sinks that its options ask for, and the tensors that come of them.</summary>
public sealed class JobAnalytics
{
    private readonly AttentionShape _shape;
    private readonly AnalyticsOptions _options;
    private readonly PlaneResults[] _planes;
    private readonly (long First, long End) _rows;
    private long _rowsDone;

    /// <summary>Makes room for the results.</summary>
    /// <param name="shape">The job's sizes.</param>
    /// <param name="attention">The job's options.</param>
    /// <param name="options">What to work out.</param>
    /// <param name="rows">The rows to work it out of, one of <see cref="AnalyticsParts"/>; null = all.</param>
    /// <exception cref="InputException">An option does not fit the sizes.</exception>
    public JobAnalytics(AttentionShape shape, AttentionOptions attention, AnalyticsOptions options, (long First, long End)? rows = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ValidateFor(shape);
        (_shape, _options, _rows) = (shape, options, rows ?? (0, shape.QueryRows));
        var positions = JobMasks.Positions(shape, attention);
        _planes = [.. Enumerable.Range(0, shape.Batch)
            .SelectMany(batch => AttentionPlane.Of(batch, options.Heads, shape.QueryHeads))
            .Select(plane => new PlaneResults(plane, shape, options, positions, _rows))];
    }

    /// <summary>The tensors that come out, for a file that is made before the job runs.</summary>
    public static IEnumerable<TensorSpec> Tensors(AttentionShape shape, AnalyticsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ValidateFor(shape);
        long batch = shape.Batch, planes = options.Heads == HeadAggregation.Each ? shape.QueryHeads : 1;
        if (options.Received)
            yield return new TensorSpec("received", ElementType.F32, batch, planes, shape.KeyRows);
        if (options.Links is { } links)
        {
            yield return new TensorSpec("link_keys", FileElementType.I64, batch, planes, shape.QueryRows, links);
            yield return new TensorSpec("link_weights", ElementType.F32, batch, planes, shape.QueryRows, links);
        }
        if (options.Strongest is { } strongest)
        {
            yield return new TensorSpec("strongest_rows", FileElementType.I64, batch, planes, strongest);
            yield return new TensorSpec("strongest_keys", FileElementType.I64, batch, planes, strongest);
            yield return new TensorSpec("strongest_weights", ElementType.F32, batch, planes, strongest);
        }
        if (options.Pooled is { } cells)
        {
            int level = PooledMatrix.LevelFor(shape.QueryRows, shape.KeyRows, cells);
            long height = (shape.QueryRows - 1 >> level) + 1, width = (shape.KeyRows - 1 >> level) + 1;
            yield return new TensorSpec("pooled_mean", ElementType.F32, batch, planes, height, width);
            yield return new TensorSpec("pooled_max", ElementType.F32, batch, planes, height, width);
        }
        if (options.Distances)
            yield return new TensorSpec("distance_mass", ElementType.F32, batch, planes, 2, DistanceHistogram.BinsFor(shape.QueryRows, shape.KeyRows));
        if (options.Segments is { } segments)
            yield return new TensorSpec("segment_mass", ElementType.F32, batch, planes, segments.Count - 1, (options.KeySegments ?? segments).Count - 1);
    }

    /// <summary>Whether all rows have been walked, or come from parts.</summary>
    public bool IsComplete => _rowsDone == _rows.End - _rows.First;

    /// <summary>Runs the pass. Its results do not hang on threads or blocks.</summary>
    /// <param name="weights">The job's weights.</param>
    /// <param name="logSumExp">LSE <c>[B, Hq, rows]</c> of the rows, natural log.</param>
    /// <param name="pool">Where the work runs.</param>
    /// <param name="progress">Told the share done, 0 to 1; null = nobody.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task RunAsync(
        JobWeights weights, ReadOnlyMemory<float> logSumExp, ICompute pool, IProgress<double>? progress, CancellationToken cancellation)
    {
        await new WeightPass(weights, logSumExp) { Rows = _rows, HasRowsAlone = true }
            .RunAsync([.. _planes.Select(plane => plane.Sinks)], pool, progress, cancellation).ConfigureAwait(false);
        _rowsDone = _rows.End - _rows.First;
    }

    /// <summary>Writes what was worked out of some rows, for <see cref="Add"/>.</summary>
    /// <param name="path">The file; it is there whole or not at all.</param>
    /// <param name="key">What the parts of a job have in common.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Save(string path, ReadOnlyMemory<byte> key) => DurableFile.Write(path, stream =>
    {
        var writer = new CheckpointWriter(stream);
        writer.Write(key.Span);
        writer.Write(_rows.First);
        writer.Write(_rows.End);
        Array.ForEach(_planes, plane => plane.Save(writer));
        writer.End();
    });

    /// <summary>Takes over what was worked out of some rows; of each row once. The order of parts does not show.</summary>
    /// <param name="path">A file of <see cref="Save"/>.</param>
    /// <param name="key">What the parts of a job have in common.</param>
    /// <param name="rows">The rows that it must be of.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or of another job or other rows; nothing was taken over.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void Add(string path, ReadOnlyMemory<byte> key, (long First, long End) rows)
    {
        using FileStream stream = File.OpenRead(path);
        CheckpointReader.Verify(stream);
        var reader = new CheckpointReader(stream);
        var found = new byte[key.Length];
        reader.Read(found);
        if (!key.Span.SequenceEqual(found))
            throw new InvalidDataException($"{Quoted.Path(path)} is a part of another job's analytics.");
        reader.Expect(rows.First, "first row");
        reader.Expect(rows.End, "last row");
        Array.ForEach(_planes, plane => plane.Add(reader));
        reader.End();
        _rowsDone += rows.End - rows.First;
    }

    /// <summary>Writes the results.</summary>
    /// <param name="tensor">Gives the tensor of a name.</param>
    /// <param name="compute">Where the work runs.</param>
    public Task WriteAsync(Func<string, TensorWriter> tensor, ICompute compute)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(compute);
        return compute.RunAllAsync(Enumerable.Range(0, _planes.Length).Select<int, Action<ComputeScratch>>(
            plane => _ => _planes[plane].Write(plane, _shape, _options, tensor)));
    }
}
