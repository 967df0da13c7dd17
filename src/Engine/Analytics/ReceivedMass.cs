using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>How much attention each key receives: the sum of its weights over all rows.</summary>
/// <param name="keys">Keys.</param>
public sealed class ReceivedMass(long keys) : IPartialSink
{
    private const int Lanes = 16;

    private readonly OrderlessSums _sums = new(keys);

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer) => _sums.Save(writer);

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader) => _sums.Add(reader);

    /// <summary>The attention that a key received.</summary>
    public double this[long key] => _sums[key];

    /// <summary>Writes what neighbouring keys received.</summary>
    public void CopyTo(long first, Span<float> received) => _sums.CopyTo(first, received);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in WeightTile tile)
    {
        TileColumns columns = tile.Columns;
        Span<double> sums = stackalloc double[WeightPass.TileKeys];
        for (int vector = 0; vector < columns.Vectors; vector++)
        {
            Vector512<float> of = columns.Sums(vector, 0, columns.Bands);
            Vector512.WidenLower(of).CopyTo(sums[(vector * Lanes)..]);
            Vector512.WidenUpper(of).CopyTo(sums[(vector * Lanes + Lanes / 2)..]);
        }
        _sums.Add(tile.Keys.Start, sums[..tile.Keys.Count]);
    }
}
