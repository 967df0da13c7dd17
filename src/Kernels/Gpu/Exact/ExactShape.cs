namespace Distributed.Kernels.Gpu.Exact;

/// <summary>How the 128 threads of a group share a tile: each has eight rows by eight columns of it.</summary>
/// <remarks>
/// Arithmetic for a multiprocessor with 64 Ki registers, 128 multiply-adds a clock and 128 bytes of shared memory a clock. A
/// thread holds 64 sums of a chunk and 64 of the span (short sums are part of the arithmetic), 16 factors, and numbers of
/// addresses and loops: NVIDIA's assembler takes 193 registers for sm_80 and 207 for sm_90, so 2 groups = 8 warps run at a time.
/// (Held to 168, for 3 groups, it spills 300 bytes a thread.) A warp's step of an outer product is 64 instructions that multiply
/// and add and 4 that load, of which the row factors are the same for 8 or 16 threads: 16 clocks of products for 4 to 8 of shared
/// memory. A group has 34 KiB of shared memory: panels of 32 · (Rows + Columns) numbers, sums of weights, and factors.
/// Of the innermost loop's 306 instructions 256 multiply and add. Weights take 15 instructions each, D + Dv = 256 multiply-adds a
/// pair beside them; with the panels, the cut sums and the weights 78 % of all instructions multiply and add. The rest of the way
/// to the peak is latency, which 8 warps of 64 independent sums are to cover.
/// </remarks>
internal interface IExactShape
{
    /// <summary>Threads side by side; 16 or 8.</summary>
    static abstract int ColumnThreads { get; }

    /// <summary>Whether threads that follow one another can read each other's registers.</summary>
    static abstract bool Shuffles { get; }
}

/// <summary>64 rows by 128 columns: values of more than 64 elements.</summary>
internal readonly struct WideShape : IExactShape
{
    public static int ColumnThreads => 16;

    public static bool Shuffles => true;
}

/// <summary>128 rows by 64 columns: values of up to 64 elements.</summary>
internal readonly struct TallShape : IExactShape
{
    public static int ColumnThreads => 8;

    public static bool Shuffles => true;
}

/// <summary>A shape for OpenCL, where ILGPU knows shuffles on Intel's processors alone: what they do goes through shared memory.</summary>
internal readonly struct WithoutShuffles<TShape> : IExactShape
    where TShape : struct, IExactShape
{
    public static int ColumnThreads => TShape.ColumnThreads;

    public static bool Shuffles => false;
}
