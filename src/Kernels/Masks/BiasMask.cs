using System.Runtime.Intrinsics;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Masks;

/// <summary>
/// The keys that an additive bias hides: where it is −∞ a key is masked, which is more than a weight of 0, since a NaN in
/// it is not seen either, and whole rectangles of −∞ are skipped.
/// </summary>
/// <param name="start">First element. The memory is the caller's and must outlive the job.</param>
/// <param name="type">Element type.</param>
/// <param name="batchStride">Bytes from one batch entry to the next; 0 = the same for all.</param>
/// <param name="headStride">Bytes from one query head to the next; 0 = the same for all.</param>
/// <param name="rowStride">Bytes from one query row to the next; 0 = the same for all.</param>
/// <param name="keys">Keys of a row.</param>
public sealed unsafe class BiasMask(
    byte* start, ElementType type, long batchStride, long headStride, long rowStride, long keys)
    : ElementMask(start, batchStride, headStride, rowStride, keys, type.SizeInBytes())
{
    private const int MinusInfinity32 = unchecked((int)0xFF800000);

    private readonly ushort _minusInfinity16 = (ushort)(type == ElementType.BF16 ? 0xFF80 : 0xFC00);

    /// <inheritdoc/>
    public override string Description => "bias tensor with −∞";

    // 16 elements to a vector of F32, 32 to one of 16 bits; each comparison gives a bit per element.
    private protected override ulong Seen64(byte* of)
    {
        ulong hidden = 0;
        if (type == ElementType.F32)
        {
            Vector512<int> minusInfinity = Vector512.Create(MinusInfinity32);
            for (int i = 0; i < 64; i += 16)
                hidden |= Vector512.Equals(Vector512.Load((int*)of + i), minusInfinity).ExtractMostSignificantBits() << i;
            return ~hidden;
        }
        Vector512<ushort> narrow = Vector512.Create(_minusInfinity16);
        for (int i = 0; i < 64; i += 32)
            hidden |= Vector512.Equals(Vector512.Load((ushort*)of + i), narrow).ExtractMostSignificantBits() << i;
        return ~hidden;
    }

    private protected override bool Seen(byte* of) =>
        type == ElementType.F32 ? *(int*)of != MinusInfinity32 : *(ushort*)of != _minusInfinity16;
}
