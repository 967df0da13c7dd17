using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Masks;

/// <summary>A dense boolean tensor of one byte per element, 0 = hidden.</summary>
/// <param name="start">First element. The memory is the caller's and must outlive the job.</param>
/// <param name="batchStride">Bytes from one batch entry to the next; 0 = the same for all.</param>
/// <param name="headStride">Bytes from one query head to the next; 0 = the same for all.</param>
/// <param name="rowStride">Bytes from one query row to the next; 0 = the same for all.</param>
/// <param name="keys">Keys of a row.</param>
public sealed unsafe class DenseMask(byte* start, long batchStride, long headStride, long rowStride, long keys)
    : ElementMask(start, batchStride, headStride, rowStride, keys, 1)
{
    /// <inheritdoc/>
    public override string Description => "mask tensor";

    // 64 bytes, compared with 0 all at once, give 64 bits.
    private protected override ulong Seen64(byte* of) =>
        ~Vector512.Equals(Vector512.Load(of), Vector512<byte>.Zero).ExtractMostSignificantBits();

    private protected override bool Seen(byte* of) => *of != 0;
}
