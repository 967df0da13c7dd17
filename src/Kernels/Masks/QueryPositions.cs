using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Masks;

/// <summary>
/// Where query rows stand among the keys: row <c>i</c> stands at key position <c>i + offset</c>. The offset is one for
/// all, or one per batch entry, or one per run of rows (a packed document).
/// </summary>
public sealed class QueryPositions
{
    private readonly long[] _offsets;
    private readonly long[]? _runEnds;

    private QueryPositions(long[] offsets, long[]? runEnds)
    {
        _offsets = offsets;
        _runEnds = runEnds;
    }

    /// <summary>Whether batch entries differ.</summary>
    public bool VariesByBatch => _runEnds is null && _offsets.Length > 1;

    /// <summary>The same offset for all rows.</summary>
    public static QueryPositions At(long offset) => new([offset], null);

    /// <summary>An offset for each batch entry.</summary>
    public static QueryPositions PerBatch(IReadOnlyList<long> offsets) => new([.. offsets], null);

    /// <summary>An offset for each run of rows.</summary>
    /// <param name="runEnds">The row behind the last one of each run, ascending; the last is the number of rows.</param>
    /// <param name="offsets">As many.</param>
    /// <exception cref="ArgumentException">There are not as many of one as of the other.</exception>
    public static QueryPositions PerRun(IReadOnlyList<long> runEnds, IReadOnlyList<long> offsets)
    {
        ArgumentNullException.ThrowIfNull(runEnds);
        ArgumentNullException.ThrowIfNull(offsets);
        return runEnds.Count == offsets.Count
            ? new QueryPositions([.. offsets], [.. runEnds])
            : throw new ArgumentException($"There are {offsets.Count} offsets for {runEnds.Count} runs.", nameof(offsets));
    }

    /// <summary>The offset of a row, and the row behind the last one that shares it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (long Offset, long End) RunAt(int batch, long row)
    {
        if (_runEnds is null)
            return (_offsets[_offsets.Length == 1 ? 0 : batch], long.MaxValue);
        int run = Boundaries.CountUpTo(_runEnds, row);
        return run == _runEnds.Length ? (0, long.MaxValue) : (_offsets[run], _runEnds[run]);
    }
}
