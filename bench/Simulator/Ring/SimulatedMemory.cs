using Distributed.Engine.Tiles;

namespace Distributed.Simulator.Ring;

/// <summary>Memory of a tile that is only counted.</summary>
internal sealed class SimulatedMemory : ITileMemory
{
    private readonly Action<long> _changed;
    private bool _given;

    /// <summary>Takes memory.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="changed">Told of the bytes taken, and of those given back as a negative number.</param>
    public SimulatedMemory(long length, Action<long> changed)
    {
        (Length, _changed) = (length, changed);
        changed(length);
    }

    public long Length { get; }

    public nint Address => 0;

    public Memory<byte> Slice(long start, int length) => Memory<byte>.Empty;

    public void CopyTo(long start, Span<byte> destination)
    {
    }

    public void Dispose()
    {
        if (_given)
            return;
        _given = true;
        _changed(-Length);
    }
}
