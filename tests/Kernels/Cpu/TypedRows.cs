using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>A matrix in native memory as rows of an element type, with a gap behind every row that must not be read as data.</summary>
internal sealed unsafe class TypedRows : IDisposable
{
    private const int Gap = 3;

    private readonly NativeBuffer _memory;

    public TypedRows(float[,] matrix, ElementType type)
    {
        int rows = matrix.GetLength(0), dim = matrix.GetLength(1), size = type.SizeInBytes();
        nint stride = (nint)(dim + Gap) * size;
        _memory = new NativeBuffer((nuint)(rows * stride));
        new Span<byte>(_memory.Pointer, rows * (int)stride).Fill(0xFF);
        Rows = new TensorRows((nint)_memory.Pointer, type, stride, rows, dim);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < dim; j++)
            {
                float x = matrix[i, j];
                switch (type)
                {
                    case ElementType.F32:
                        ((float*)Rows.Row(i))[j] = x;
                        break;
                    case ElementType.F16:
                        ((Half*)Rows.Row(i))[j] = (Half)x;
                        break;
                    default:
                        ((ushort*)Rows.Row(i))[j] = (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16);
                        break;
                }
            }
        }
    }

    public TensorRows Rows { get; }

    public void Dispose() => _memory.Dispose();
}
