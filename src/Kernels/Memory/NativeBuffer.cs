namespace Distributed.Kernels.Memory;

/// <summary>
/// Native memory aligned to 64 bytes (a cache line, and an AVX-512 register), outside the garbage collector. What is
/// disposed is kept for a while and used again.
/// </summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Alignment of <see cref="Pointer"/> in bytes.</summary>
    public const int Alignment = 64;

    /// <summary>Bytes rounded up so that what lies behind them is aligned too.</summary>
    public static nuint Aligned(nuint bytes) => (bytes + Alignment - 1) & ~(nuint)(Alignment - 1);

    private readonly nuint _capacity;
    private void* _pointer;

    /// <summary>Takes <paramref name="length"/> bytes, not cleared.</summary>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public NativeBuffer(nuint length)
    {
        Length = length;
        _capacity = NativePool.Capacity(length);
        _pointer = NativePool.Take(_capacity);
    }

    /// <summary>Releases the memory if <see cref="Dispose"/> was forgotten.</summary>
    ~NativeBuffer() => Release();

    /// <summary>Length in bytes.</summary>
    public nuint Length { get; }

    /// <summary>First byte.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return (byte*)_pointer;
        }
    }

    /// <summary>The same memory as F32 numbers.</summary>
    public float* Floats => (float*)Pointer;

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_pointer is null)
            return;
        NativePool.Give(_pointer, _capacity);
        _pointer = null;
    }
}
