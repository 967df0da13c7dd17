namespace Distributed.Kernels.Gpu.Exact;

/// <summary>How the 128 threads of a group share a tile: each has eight rows by eight columns of it.</summary>
/// <remarks>
/// Arithmetic for a multiprocessor with 64 Ki registers, 128 multiply-adds a clock and 128 bytes of shared memory a clock. A
/// thread holds 64 sums of a chunk and 64 of the span (short sums are part of the arithmetic), 16 factors and some 25 numbers
/// of addresses and loops: about 170 registers, so 3 groups = 12 warps run at a time. A warp's step of an outer product is 64
/// instructions that multiply and add and 4 that load, of which the row factors are the same for 8 or 16 threads: 16 clocks of
/// products for 4 to 8 of shared memory. A group takes 32 · (Rows + Columns) · 4 = 24 KiB for its panels, and 5 to 9 KiB for
/// sums of weights and factors; 3 groups have 99 KiB of the 228 (H100, H200) or 164 (A100).
/// Of the instructions of a tile, D = Dv = 128, 83 % multiply and add (weights take 15 each, the cut sums 1 in 32); the rest of
/// the way to the peak is latency, which 12 warps and 64 independent sums a thread are to cover.
/// </remarks>
internal interface IExactShape
{
    /// <summary>Threads side by side; 16 or 8.</summary>
    static abstract int ColumnThreads { get; }
}

/// <summary>64 rows by 128 columns: values of more than 64 elements.</summary>
internal readonly struct WideShape : IExactShape
{
    public static int ColumnThreads => 16;
}

/// <summary>128 rows by 64 columns: values of up to 64 elements.</summary>
internal readonly struct TallShape : IExactShape
{
    public static int ColumnThreads => 8;
}
