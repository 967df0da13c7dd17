using System.Buffers;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tiles;

/// <summary>Some bytes of a native buffer as <see cref="Memory{T}"/>, for sockets and files. The buffer stays its owner's.</summary>
/// <param name="buffer">The buffer.</param>
/// <param name="start">First byte.</param>
/// <param name="length">Bytes.</param>
public sealed unsafe class NativeSlice(NativeBuffer buffer, long start, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, (long)buffer.Length);
        return new Span<byte>(buffer.Pointer + start, length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(buffer.Pointer + start + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
