using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Devices;

/// <summary>A device beside the CPU that folds tiles. There is one object for it in a process, for any number of jobs.</summary>
public abstract class AttentionDevice : IDisposable
{
    /// <summary>Name for people and reports, e.g. <c>cuda:0 (NVIDIA H200)</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, without its number: devices of one model give one another's bits.</summary>
    public virtual string Model => Name;

    /// <summary>Bytes of its memory that jobs may take.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Query rows, over the heads of a lane, that keep all of it busy.</summary>
    public abstract int RowsWanted { get; }

    /// <summary>What it could do at most, as far as that is known.</summary>
    public virtual DevicePeak Peak => default;

    /// <summary>Opens a job.</summary>
    /// <param name="shape">The job's sizes.</param>
    /// <exception cref="DeviceException">The device has no room for the smallest piece of it, has not the bits asked for, or fails.</exception>
    public abstract DeviceJob Open(DeviceShape shape);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the device back.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>What a device could do at most; 0 = not known.</summary>
/// <param name="Multiprocessors">Multiprocessors.</param>
/// <param name="ClockMegahertz">Highest clock, MHz.</param>
/// <param name="MultiplyAdds">F32 multiply-adds a second at that clock.</param>
public readonly record struct DevicePeak(int Multiprocessors, int ClockMegahertz, double MultiplyAdds);

/// <summary>The sizes of a job, as a device sees them.</summary>
/// <param name="KeyDim">Elements of a query and of a key.</param>
/// <param name="ValueDim">Elements of a value.</param>
/// <param name="SpanRows">Rows of a span.</param>
/// <param name="Spans">Key spans, over all heads and batch entries.</param>
/// <param name="Scale">The factor on q·k.</param>
/// <param name="QueryType">Element type of query rows when they come to the device.</param>
/// <param name="KeyType">Element type of keys.</param>
/// <param name="ValueType">Element type of values.</param>
/// <param name="Staged">Whether something is done to scores between q·k and the mask.</param>
public readonly record struct DeviceShape(
    int KeyDim, int ValueDim, int SpanRows, long Spans, double Scale, ElementType QueryType, ElementType KeyType,
    ElementType ValueType, bool Staged)
{
    /// <summary>
    /// Whether only a kernel with the bits of the CPU will do: unlike devices share the job, and which of them folds what must not
    /// show in the result.
    /// </summary>
    public bool SameBits { get; init; }
}

/// <summary>A job on a device: the key spans that it keeps there, and the memory of its folds. Several threads may fold at a time.</summary>
public abstract class DeviceJob : IDisposable
{
    /// <summary>Name of the kernel for people and reports.</summary>
    public abstract string Kernel { get; }

    /// <summary>Whether a fold here gives the bits that the CPU kernels give.</summary>
    public abstract bool SameBitsAsCpu { get; }

    /// <summary>Spans brought to the device so far.</summary>
    public abstract long SpansUploaded { get; }

    /// <summary>Folds; the states are changed when all has succeeded, else not at all.</summary>
    /// <param name="fold">The work.</param>
    /// <param name="cancellation">Stops it between launches.</param>
    /// <returns>
    /// False when the device passes the work on to the CPU because a number in it is NaN or infinite: what becomes of these is
    /// fixed by the CPU kernels.
    /// </returns>
    /// <exception cref="DeviceException">The device failed.</exception>
    public abstract bool TryFold(DeviceFold fold, CancellationToken cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>A device cannot be had, or failed.</summary>
/// <param name="message">One sentence for people.</param>
/// <param name="inner">What the device's driver said.</param>
public sealed class DeviceException(string message, Exception? inner = null) : Exception(message, inner);
