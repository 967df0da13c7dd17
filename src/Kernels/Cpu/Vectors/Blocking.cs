namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>The sizes by which the vector kernels cut a tile. Only <see cref="Arithmetic.ChunkKeys"/> shows in the bits.</summary>
internal static class Blocking
{
    /// <summary>
    /// Query rows of a register tile. Six rows by four registers are 24 sums; four registers of keys and one broadcast
    /// query element make 29 of the 32. A step is 24 multiply-adds for 10 loads: at two of each per cycle the
    /// multiply-adds decide. With 16 registers (AVX2) it is six rows by two: 12 + 2 + 1.
    /// </summary>
    public const int GroupRows = 6;

    /// <summary>
    /// Query rows whose scores are held at once: 16 groups. 96 × 1024 scores are 400 KB, which with a tile's
    /// values (256 × D numbers) stays in a second-level cache of 1 MB; keys and values are read once for 96 rows.
    /// </summary>
    public const int BlockRows = 16 * GroupRows;

    /// <summary>
    /// F32 numbers from one row of scores to the next: a span, and one cache line more, so that the six rows of a group do
    /// not fall into the same set of the first-level cache.
    /// </summary>
    public const int ScoreStride = Spans.SpanGrid.MaxSpanRows + 16;

    /// <summary>
    /// Vectors of scores that become weights between two steps of a product: some 80 instructions, which the processor
    /// takes in while it still has multiply-adds waiting.
    /// </summary>
    public const int PieceVectors = 4;

    /// <summary>
    /// Keys over which a tile of weighted values runs. The fewer, the more often its six strips of sums are begun and
    /// ended; the more, the less of the values (256 × 64 numbers, 64 KB) is still near when the next group comes.
    /// </summary>
    public const int TileKeys = 256;

    /// <summary>Rows of a group up to which they are done one by one: a tile of six costs as much as three of one.</summary>
    public const int SingleRows = 2;

    /// <summary>
    /// Keys whose values are taken strip by strip where they lie: as few as a memory stream needs to be one (8 rows of 512
    /// bytes), as many as it takes for beginning and ending the sums not to count.
    /// </summary>
    public const int PieceKeys = 8;
}
