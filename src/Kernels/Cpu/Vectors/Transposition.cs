namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Transposes small blocks.</summary>
internal static unsafe class Transposition
{
    /// <summary>16 × 16 numbers one by one.</summary>
    public static void Of16By16(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        for (int row = 0; row < 16; row++)
        {
            for (int column = 0; column < 16; column++)
                destination[column * destinationStride + row] = source[row * sourceStride + column];
        }
    }
}
