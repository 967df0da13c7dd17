using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Tiles;

/// <summary>
/// How a tile lies in the bytes that travel: for each batch entry, key head and key span the keys, then the values, rows
/// densely packed in the input's element types, each such piece starting at a multiple of 64 bytes. The bytes are cut
/// into parts, the last one shorter.
/// </summary>
/// <param name="plan">The job's plan.</param>
/// <param name="keyType">Element type of the keys.</param>
/// <param name="valueType">Element type of the values.</param>
/// <param name="partBytes">Bytes of every part but the last.</param>
public sealed class TileLayout(JobPlan plan, ElementType keyType, ElementType valueType, int partBytes = TileLayout.PartBytes)
{
    /// <summary>Bytes of every part but the last, as silos send them to each other.</summary>
    public const int PartBytes = 1 << 20;

    /// <summary>The plan whose tiles are laid out.</summary>
    public JobPlan Plan => plan;

    /// <summary>The layout of an input's tiles.</summary>
    public static TileLayout Of(AttentionInput input, JobPlan plan)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new TileLayout(plan, input.Keys.Type, input.Values.Type);
    }

    /// <summary>Bytes of the tile of <paramref name="block"/>.</summary>
    public long BytesOf(int block)
    {
        PlannedBlock of = plan.Blocks[block];
        return HeadBytes(of) * plan.Shape.Batch * plan.Shape.KeyHeads;
    }

    /// <summary>Parts of the tile of <paramref name="block"/>; 0 when it has no key.</summary>
    public int PartsOf(int block) => checked((int)((BytesOf(block) + partBytes - 1) / partBytes));

    /// <summary>First byte and length of a part.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tile has no such part.</exception>
    public (long Start, int Length) Part(int block, int part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, PartsOf(block));
        long start = (long)part * partBytes;
        return (start, (int)Math.Min(partBytes, BytesOf(block) - start));
    }

    /// <summary>The keys or values of one span in a tile whose first byte is at <paramref name="tile"/>.</summary>
    public TensorRows Rows(nint tile, int block, int batch, int keyHead, int keySpan, bool values)
    {
        PlannedBlock of = plan.Blocks[block];
        ArgumentOutOfRangeException.ThrowIfLessThan(keySpan, of.FirstKeySpan);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(keySpan, of.FirstKeySpan + of.KeySpans);
        long offset = (batch * (long)plan.Shape.KeyHeads + keyHead) * HeadBytes(of)
            + (keySpan - of.FirstKeySpan) * SpanBytes(plan.KeyGrid.SpanRows);
        int count = plan.KeyGrid[keySpan].Count;
        if (values)
            offset += Aligned((long)count * KeyRow);
        return new TensorRows(
            checked((nint)(tile + offset)), values ? valueType : keyType, values ? ValueRow : KeyRow, count,
            values ? plan.Shape.ValueDim : plan.Shape.KeyDim);
    }

    /// <summary>Copies bytes of a tile from where its rows are stored.</summary>
    /// <param name="stored">The tile.</param>
    /// <param name="start">First byte, in this layout.</param>
    /// <param name="destination">Takes the bytes; what lies between pieces becomes 0.</param>
    public unsafe void Gather(IKeyValueTile stored, long start, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(stored);
        destination.Clear();
        PlannedBlock of = plan.Blocks[stored.Block];
        long end = start + destination.Length, headBytes = HeadBytes(of);
        for (long head = start / headBytes; head * headBytes < end; head++)
        {
            (int batch, int keyHead) = ((int)(head / plan.Shape.KeyHeads), (int)(head % plan.Shape.KeyHeads));
            for (int span = of.FirstKeySpan; span < of.FirstKeySpan + of.KeySpans; span++)
            {
                long at = head * headBytes + (span - of.FirstKeySpan) * SpanBytes(plan.KeyGrid.SpanRows);
                RowRange rows = plan.KeyGrid[span];
                if (at >= end || at + SpanBytes(rows.Count) <= start)
                    continue;
                Copy(stored.Keys(batch, keyHead, span), KeyRow, at - start, destination);
                Copy(stored.Values(batch, keyHead, span), ValueRow, at + Aligned((long)rows.Count * KeyRow) - start, destination);
            }
        }
    }

    private int KeyRow => plan.Shape.KeyDim * keyType.SizeInBytes();

    private int ValueRow => plan.Shape.ValueDim * valueType.SizeInBytes();

    private long HeadBytes(PlannedBlock of) => of.KeySpans == 0
        ? 0
        : (of.KeySpans - 1) * SpanBytes(plan.KeyGrid.SpanRows) + SpanBytes(plan.KeyGrid[of.FirstKeySpan + of.KeySpans - 1].Count);

    private long SpanBytes(int rows) => Aligned((long)rows * KeyRow) + Aligned((long)rows * ValueRow);

    private static unsafe void Copy(TensorRows rows, int rowBytes, long at, Span<byte> destination)
    {
        int first = (int)Math.Clamp(-at / rowBytes, 0, rows.Count);
        for (int row = first; row < rows.Count; row++)
        {
            long to = at + (long)row * rowBytes;
            if (to >= destination.Length)
                return;
            var source = new ReadOnlySpan<byte>(rows.Row(row), rowBytes);
            if (to < 0)
            {
                if (-to >= rowBytes)
                    continue;
                source = source[(int)-to..];
                to = 0;
            }
            source = source[..(int)Math.Min(source.Length, destination.Length - to)];
            source.CopyTo(destination[(int)to..]);
        }
    }

    private static long Aligned(long bytes) => (bytes + NativeBuffer.Alignment - 1) & ~(long)(NativeBuffer.Alignment - 1);
}
