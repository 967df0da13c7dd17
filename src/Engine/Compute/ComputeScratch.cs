using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Compute;

/// <summary>Scratch memory of one compute thread: kept from one piece of work to the next, grown when more is needed.</summary>
public sealed unsafe class ComputeScratch : IDisposable
{
    private NativeBuffer? _workspace;
    private NativeBuffer? _words;
    private NativeBuffer? _numbers;
    private NativeBuffer? _distances;
    private NativeBuffer? _terms;

    /// <summary>At least <paramref name="bytes"/> bytes for a kernel, 64-byte aligned, not cleared.</summary>
    public byte* Workspace(nuint bytes) => AtLeast(ref _workspace, bytes);

    /// <summary>Mask words of <paramref name="rows"/> rows by <paramref name="keys"/> keys, all set.</summary>
    public MaskWords Words(int rows, int keys)
    {
        nuint bytes = (nuint)rows * (nuint)MaskWords.WordsFor(keys) * sizeof(ulong);
        var words = new MaskWords((ulong*)AtLeast(ref _words, bytes), rows, keys);
        words.SetAll();
        return words;
    }

    /// <summary><paramref name="length"/> numbers, not cleared.</summary>
    public Span<float> Numbers(int length) => new(AtLeast(ref _numbers, (nuint)length * sizeof(float)), length);

    /// <summary>Room for a number per row of a score stage, not cleared.</summary>
    public float* Distances(int rows) => (float*)AtLeast(ref _distances, (nuint)rows * sizeof(float));

    /// <summary>Room for what scores take of a tile's keys, 64-byte aligned, not cleared.</summary>
    public byte* Terms(nuint bytes) => AtLeast(ref _terms, bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _workspace?.Dispose();
        _words?.Dispose();
        _numbers?.Dispose();
        _distances?.Dispose();
        _terms?.Dispose();
    }

    private static byte* AtLeast(ref NativeBuffer? buffer, nuint bytes)
    {
        if (buffer is null || buffer.Length < bytes)
        {
            buffer?.Dispose();
            buffer = new NativeBuffer(bytes);
        }
        return buffer.Pointer;
    }
}
