using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Scores;

/// <summary>ALiBi: −slope · |position − key| is added.</summary>
/// <param name="slope">−slope, base 2.</param>
/// <param name="distances">Per row of the tile, its position minus that of the tile's first key.</param>
internal unsafe struct AlibiPart(float slope, float* distances) : IScorePart
{
    private readonly Vector512<float> _slopes = Vector512.Create(slope);
    private readonly Vector512<float> _first = Vector512.Create(
        0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 10f, 11f, 12f, 13f, 14f, 15f);
    private Vector512<float> _position;
    private Vector512<float> _at;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int row, int key)
    {
        _position = Vector512.Create(distances[row]);
        _at = _first + Vector512.Create((float)key);
    }

    // Keys of a tile are whole numbers that a float holds exactly, and so are their sums.
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Of(Vector512<float> scores, int at) =>
        Vector512.FusedMultiplyAdd(Vector512.Abs(_position - (_at + Vector512.Create((float)at))), _slopes, scores);
}

/// <summary>Relative bias: what is added by distance alone.</summary>
/// <param name="table">Element <c>reach + key − position</c> of <c>2 · reach + 1</c>.</param>
/// <param name="reach">The farthest distance it has.</param>
/// <param name="distances">Per row of the tile, its position minus that of the tile's first key.</param>
internal unsafe struct RelativePart(float* table, int reach, float* distances) : IScorePart
{
    private float* _from;
    private nint _step;
    private fixed float _ends[IScorePart.Width];

    // A row of scores walks through the table; only where it passes an end are its numbers taken one by one.
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int row, int key)
    {
        long at = reach + key - (long)distances[row];
        if (at < 0 || at + IScorePart.Width - 1 > 2 * reach)
        {
            PassEnd(at);
            return;
        }
        _from = table + at;
        _step = 1;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector512<float> Of(Vector512<float> scores, int at) => scores + Vector512.Load(_from + at * _step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PassEnd(long at)
    {
        // The part lies on the stack of the pass, so its numbers stay where they are.
        float* ends = (float*)Unsafe.AsPointer(ref _ends[0]);
        _from = ends;
        _step = 0;
        if (at + IScorePart.Width - 1 < 0 || at > 2 * reach)
        {
            Vector512.Create(table[at < 0 ? 0 : 2 * reach]).Store(ends);
            return;
        }
        _step = 1;
        for (int lane = 0; lane < IScorePart.Width; lane++)
            ends[lane] = table[Math.Clamp(at + lane, 0, 2 * reach)];
    }
}
