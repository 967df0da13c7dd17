namespace Distributed.Engine.Ring;

/// <summary>Told how a block goes on. Calls come one after the other.</summary>
/// <typeparam name="TWorker">Who computes the block.</typeparam>
public interface IBlockWatch<in TWorker>
    where TWorker : IBlockWorker
{
    /// <summary>The block can do nothing until it has the tile.</summary>
    void Waits(int tile);

    /// <summary>The block has the tile and computes.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="waited">Whether it was not there yet when the block was ready for it.</param>
    void Has(int tile, bool waited);

    /// <summary>The tile is absorbed; no lane is at work until the returned task ends, so the worker may be saved.</summary>
    Task AbsorbedAsync(TWorker worker, int tile);
}
