using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tiles;

/// <summary>A tile in native memory.</summary>
/// <param name="length">Bytes.</param>
public sealed unsafe class NativeTileMemory(long length) : ITileMemory
{
    private readonly NativeBuffer _buffer = new((nuint)length);

    /// <inheritdoc/>
    public long Length => length;

    /// <inheritdoc/>
    public nint Address => (nint)_buffer.Pointer;

    /// <inheritdoc/>
    public Memory<byte> Slice(long start, int length) => new NativeSlice(_buffer, start, length).Memory;

    /// <inheritdoc/>
    public void CopyTo(long start, Span<byte> destination) =>
        new NativeSlice(_buffer, start, destination.Length).GetSpan().CopyTo(destination);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
