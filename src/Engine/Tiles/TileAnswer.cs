namespace Distributed.Engine.Tiles;

/// <summary>What a process says when it is asked for a part of a tile: it gives the part, or names somebody else, or neither.</summary>
/// <param name="Length">Bytes of the part that it gives; −1 when it gives none.</param>
/// <param name="AskHomeOf">A block whose process got the tile lately and is to be asked first; −1 = nobody is known.</param>
public readonly record struct TileAnswer(int Length, int AskHomeOf)
{
    /// <summary>It has not got the part.</summary>
    public static TileAnswer NotHere { get; } = new(-1, -1);

    /// <summary>Whether it gives the part.</summary>
    public bool Has => Length >= 0;

    /// <summary>Whether it names somebody else.</summary>
    public bool Refers => AskHomeOf >= 0;

    /// <summary>It gives the part.</summary>
    public static TileAnswer Gives(int length) => new(length, -1);

    /// <summary>It has much to send, and the process of this block has got the tile too.</summary>
    public static TileAnswer RefersTo(int block) => new(-1, block);
}
