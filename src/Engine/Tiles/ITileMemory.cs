namespace Distributed.Engine.Tiles;

/// <summary>Where a tile of another process is held. Whoever takes it gives it back by disposing it.</summary>
public interface ITileMemory : IDisposable
{
    /// <summary>Bytes.</summary>
    long Length { get; }

    /// <summary>First byte.</summary>
    nint Address { get; }

    /// <summary>Some of its bytes, for a transport to fill.</summary>
    Memory<byte> Slice(long start, int length);

    /// <summary>Copies bytes from <paramref name="start"/> on until <paramref name="destination"/> is full.</summary>
    void CopyTo(long start, Span<byte> destination);
}
