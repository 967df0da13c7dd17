using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tiles;

/// <summary>
/// One block's keys and values as they travel: the rows of some consecutive key spans. Its memory is valid until it is
/// disposed.
/// </summary>
public interface IKeyValueTile : IDisposable
{
    /// <summary>The block that owns these rows.</summary>
    int Block { get; }

    /// <summary>Keys of one key span of the tile.</summary>
    /// <param name="batch">Batch entry.</param>
    /// <param name="keyHead">Key head.</param>
    /// <param name="keySpan">A key span of the tile.</param>
    TensorRows Keys(int batch, int keyHead, int keySpan);

    /// <summary>Values of one key span of the tile.</summary>
    /// <param name="batch">Batch entry.</param>
    /// <param name="keyHead">Key head.</param>
    /// <param name="keySpan">A key span of the tile.</param>
    TensorRows Values(int batch, int keyHead, int keySpan);
}
