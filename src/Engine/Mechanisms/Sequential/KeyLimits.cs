using System.Runtime.CompilerServices;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Masks;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>Of masks that hide keys from some point on: the first key that a row sees, and the one behind the last.</summary>
internal sealed class KeyLimits
{
    private readonly AttentionShape _shape;
    private readonly AttentionOptions _options;
    private readonly QueryPositions _positions;
    private readonly long[] _starts;

    public KeyLimits(in AttentionShape shape, AttentionOptions options)
    {
        (_shape, _options) = (shape, options);
        _positions = JobMasks.Positions(shape, options);
        _starts = [.. options.Documents?.Keys ?? [0]];
    }

    /// <summary>Whether a memory begins anew with a key.</summary>
    public bool Starts(long key) => Array.BinarySearch(_starts, key) >= 0;

    /// <summary>The next key behind one with which a memory begins anew; beyond all keys if there is none.</summary>
    public long NextStart(long key)
    {
        int at = Array.BinarySearch(_starts, key + 1);
        at = at < 0 ? ~at : at;
        return at < _starts.Length ? _starts[at] : long.MaxValue;
    }

    /// <summary>What a row sees; empty where the end is not behind the first. The end never falls from one row to the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (long First, long End) Of(int batch, long row)
    {
        (long first, long end) = (0, _shape.KeyRows);
        if (_options.Documents is { } documents)
        {
            int document = DocumentOf(documents.QueryStarts, row);
            (first, end) = (documents.Keys[document], documents.Keys[document + 1]);
        }
        if (_options.Causal is not null)
            end = Math.Min(end, Math.Max(row + _positions.RunAt(batch, row).Offset + 1, _options.Prefix ?? 0));
        if (_options.ValidKeys is { } valid)
            end = Math.Min(end, valid[batch]);
        return (first, Math.Max(end, first));
    }

    private static int DocumentOf(IReadOnlyList<long> starts, long row)
    {
        int low = 0, high = starts.Count - 2;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (starts[middle] <= row)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
