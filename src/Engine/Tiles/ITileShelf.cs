namespace Distributed.Engine.Tiles;

/// <summary>What a process has to give when other processes ask it for tiles.</summary>
public interface ITileShelf
{
    /// <summary>
    /// Ends when it is time to read a part: at once when it is here or is not coming, else when it has come, or after a moment
    /// when it does not come.
    /// </summary>
    /// <param name="part">The part.</param>
    /// <param name="ask">How this process is asked.</param>
    Task ComesAsync(TilePart part, TileAsk ask) => Task.CompletedTask;

    /// <summary>Copies a part, if this process has it.</summary>
    /// <param name="part">The part.</param>
    /// <param name="ask">How this process is asked.</param>
    /// <param name="busy">Whether so much is being sent that the owner is to name another, if it knows one.</param>
    /// <param name="destination">Takes the part from its start on; at least <see cref="TileLayout.PartBytes"/> long.</param>
    TileAnswer TryRead(TilePart part, TileAsk ask, bool busy, Span<byte> destination);
}
