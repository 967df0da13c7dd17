using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>Memory of a device, and pinned memory of the host of the same size from which it is filled; both grow when asked.</summary>
/// <param name="accelerator">The device.</param>
/// <param name="pinned">Whether it has memory of the host.</param>
internal sealed class DeviceBuffer(Accelerator accelerator, bool pinned) : IDisposable
{
    // ILGPU takes it for granted that a view begins at a multiple of 256 bytes.
    private const int Alignment = 256;

    private MemoryBuffer1D<byte, Stride1D.Dense>? _device;
    private PageLockedArray1D<byte>? _host;

    /// <summary>Bytes laid out so far.</summary>
    public long Length { get; private set; }

    /// <summary>Forgets the layout; the memory stays.</summary>
    public void Clear() => Length = 0;

    /// <summary>Lays out room.</summary>
    /// <returns>Its first byte.</returns>
    public long Reserve<T>(long count)
        where T : unmanaged
    {
        long at = Length;
        Length = Aligned(at + Math.Max(1, count) * Interop.SizeOf<T>());
        return at;
    }

    /// <summary>Takes memory for all that is laid out. What was in it before is lost if it grows.</summary>
    public void Take()
    {
        if (_device is not null && _device.Length >= Length)
            return;
        Free();
        _device = accelerator.Allocate1D<byte>(Math.Max(Length, Alignment));
        if (pinned)
            _host = accelerator.AllocatePageLocked1D<byte>(_device.Length, uninitialized: true);
    }

    /// <summary>A piece of the device's memory.</summary>
    public ArrayView<T> View<T>(long at, long count)
        where T : unmanaged => _device!.View.AsContiguous().SubView(at, Aligned(Math.Max(1, count) * Interop.SizeOf<T>())).Cast<T>().SubView(0, count);

    /// <summary>A piece of the host's memory.</summary>
    public Span<T> Host<T>(long at, long count)
        where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(_host!.Span.Slice(checked((int)at), checked((int)(count * Interop.SizeOf<T>()))));

    /// <summary>Starts to copy a piece of the host's memory to the device.</summary>
    public void Upload(AcceleratorStream stream, long at, long bytes)
    {
        InOrder(stream);
        if (bytes > 0)
            _device!.View.AsContiguous().SubView(at, bytes).CopyFromCPUUnsafeAsync(stream, ref _host!.Span[checked((int)at)], bytes);
    }

    /// <summary>Starts to copy a piece of the device's memory to the host.</summary>
    public void Download(AcceleratorStream stream, long at, long bytes)
    {
        InOrder(stream);
        if (bytes > 0)
            _device!.View.AsContiguous().SubView(at, bytes).CopyToCPUUnsafeAsync(stream, ref _host!.Span[checked((int)at)], bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => Free();

    // ILGPU's CPU accelerator copies at once, whatever kernels the stream still has to run.
    private void InOrder(AcceleratorStream stream)
    {
        if (accelerator.AcceleratorType == AcceleratorType.CPU)
            stream.Synchronize();
    }

    private void Free()
    {
        _host?.Dispose();
        _device?.Dispose();
        (_host, _device) = (null, null);
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
