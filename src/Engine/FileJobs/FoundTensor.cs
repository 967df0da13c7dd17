using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.FileJobs;

/// <summary>A tensor of an input file, and the words for what it is taken for.</summary>
/// <param name="Path">The file.</param>
/// <param name="Role">The name the job knows it by.</param>
/// <param name="Tensor">The tensor.</param>
internal readonly record struct FoundTensor(string Path, string Role, MappedTensor Tensor)
{
    private TensorInfo Info => Tensor.Info;

    /// <summary>As heads of rows.</summary>
    /// <param name="layout">The order of its axes.</param>
    /// <param name="heads">Its heads, where the layout does not tell them.</param>
    /// <param name="axes">Its axes in the letters of that layout, for errors.</param>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public HeadTensor Heads(HeadLayout layout, int? heads, string axes)
    {
        long[] shape = Info.Shape;
        if (layout == HeadLayout.Bsd && shape.Length == 3)
        {
            int known = heads!.Value;
            if (shape[2] % known != 0)
                throw Wrong($"has shape {Info.ShapeText}, whose last axis is no multiple of its {known} heads.");
            shape = [shape[0], shape[1], known, shape[2] / known];
        }
        if (shape.Length != 4)
        {
            throw Wrong(
                $"has shape {Info.ShapeText}, of {Info.Shape.Length} axes; the {(layout == HeadLayout.Bsd ? "three" : "four")} of {axes} are expected.");
        }
        if (Info.ElementType is not { } type)
            throw Wrong($"has elements of type {Info.DType}; F32, F16 or BF16 is expected.");
        (long count, long rows) = layout == HeadLayout.Bhsd ? (shape[1], shape[2]) : (shape[2], shape[1]);
        if (shape[0] > int.MaxValue || count > int.MaxValue || shape[3] > JobFiles.MaxHeadSize)
        {
            throw Wrong(
                $"has shape {Info.ShapeText}; a head size of at most {JobFiles.MaxHeadSize} and at most {int.MaxValue} heads and batch entries are expected.");
        }
        nint start = Info.ElementCount == 0 ? 0 : Tensor.Start;
        return HeadTensor.Dense(start, type, layout, (int)shape[0], (int)count, rows, (int)shape[3]);
    }

    /// <summary>As a tensor of truth values that is broadcast.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public BroadcastTensor Mask(in AttentionShape shape)
    {
        if (Info.Type != FileElementType.Bool)
            throw Wrong($"has elements of type {Info.DType}; BOOL is expected.");
        return Broadcast(shape);
    }

    /// <summary>As a tensor of numbers that is broadcast.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public BroadcastTensor Bias(in AttentionShape shape)
    {
        if (Info.ElementType is null)
            throw Wrong($"has elements of type {Info.DType}; F32, F16 or BF16 is expected.");
        return Broadcast(shape);
    }

    private unsafe BroadcastTensor Broadcast(in AttentionShape shape) => Info.Shape.Length == 0
        ? BroadcastTensor.OfOne(Role, new ReadOnlySpan<byte>((void*)Tensor.Start, Info.Type.SizeInBits() / 8), Info.Type, shape)
        : BroadcastTensor.Of(Role, Info.ElementCount == 0 ? 0 : Tensor.Start, Info.Type, Info.Shape, shape);

    /// <summary>As a list of numbers.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public IReadOnlyList<float> Floats()
    {
        if (Info.Shape.Length != 1 || Info.ElementType is null)
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers of one axis are expected.");
        return Numbers();
    }

    /// <summary>As a list of whole numbers.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public IReadOnlyList<long> Wholes()
    {
        if (Info.Shape.Length != 1 || Info.Type is not (FileElementType.I64 or FileElementType.I32))
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; I64 numbers of one axis are expected.");
        return Tensor.ReadI64();
    }

    /// <summary>As positions of rows.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public PositionTensor Positions()
    {
        if (Info.Shape.Length is not (1 or 2) || Info.Type is not (FileElementType.I64 or FileElementType.I32))
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; I64 numbers of one or two axes are expected.");
        return new PositionTensor(Tensor.ReadI64(), Info.Shape[^1]);
    }

    /// <summary>As biases by bucket and head.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public RelativeBias Relative()
    {
        if (Info.Shape.Length != 2 || Info.ElementType is null || Info.ElementCount is 0 or > 1 << 24)
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers [buckets, Hq] are expected.");
        return new RelativeBias(Numbers(), (int)Info.Shape[0], (int)Info.Shape[1]);
    }

    /// <summary>As square matrices.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public IReadOnlyList<double[]> Matrices()
    {
        if (Info.Shape.Length is not (2 or 3) || Info.ElementType is null || Info.ElementCount is 0 or > 1 << 28 || Info.Shape[^1] != Info.Shape[^2])
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers [D, D] or [Hq, D, D] are expected.");
        return [.. Numbers().Chunk((int)(Info.Shape[^1] * Info.Shape[^1])).Select(matrix => matrix.Select(number => (double)number).ToArray())];
    }

    /// <summary>As matrices that rows are projected by, transposed: <c>[D, units]</c>.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public (IReadOnlyList<double[]> Matrices, int Units) Projections()
    {
        if (Info.Shape.Length is not (2 or 3) || Info.ElementType is null || Info.ElementCount is 0 or > 1 << 28)
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers [A, D] or [heads, A, D] are expected.");
        int units = (int)Info.Shape[^2], dim = (int)Info.Shape[^1];
        if (units > JobFiles.MaxHeadSize)
            throw Wrong($"has shape {Info.ShapeText}; at most {JobFiles.MaxHeadSize} rows are expected.");
        return ([.. Numbers().Chunk(units * dim).Select(matrix =>
            Enumerable.Range(0, units * dim).Select(i => (double)matrix[i % units * dim + i / units]).ToArray())], units);
    }

    /// <summary>As vectors: one, or a list of them.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public IReadOnlyList<float[]> Vectors()
    {
        if (Info.Shape.Length is not (1 or 2) || Info.ElementType is null || Info.ElementCount is 0 or > 1 << 28)
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers of one or two axes are expected.");
        return [.. Numbers().Chunk((int)Info.Shape[^1])];
    }

    /// <summary>As vectors by distance.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public RelativeKeys Distances()
    {
        if (Info.Shape.Length is not (2 or 3) || Info.ElementType is null || Info.ElementCount is 0 or > 1 << 28)
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers [2R + 1, D] or [Hq, 2R + 1, D] are expected.");
        (int distances, int dim) = ((int)Info.Shape[^2], (int)Info.Shape[^1]);
        return new RelativeKeys([.. Numbers().Chunk(distances * dim)], distances, dim);
    }

    /// <summary>As a number for each key.</summary>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public KeyRates Rates()
    {
        if (Info.ElementType is not { } type)
            throw Wrong($"has elements of type {Info.DType}; F32, F16 or BF16 is expected.");
        return new KeyRates(Info.ElementCount == 0 ? 0 : Tensor.Start, type, Info.Shape);
    }

    /// <summary>As keys that are the same for all batch entries, and for all heads where it has no axis of them.</summary>
    /// <param name="batch">Batch entries.</param>
    /// <param name="heads">Key heads.</param>
    /// <param name="rows">Keys; rows behind them are not used.</param>
    /// <exception cref="InputException">It is no such tensor.</exception>
    public HeadTensor Locations(int batch, int heads, long rows)
    {
        long[] shape = Info.Shape;
        if (shape.Length is not (2 or 3) || Info.ElementType is not { } type)
            throw Wrong($"is {Info.DType} of shape {Info.ShapeText}; F32, F16 or BF16 numbers [L, D] or [Hkv, L, D] are expected.");
        if ((shape.Length == 3 && shape[0] != heads) || shape[^2] < rows || shape[^1] > JobFiles.MaxHeadSize)
            throw Wrong($"has shape {Info.ShapeText}; [L, D] or [{heads}, L, D] with L at least {rows}, the number of values, is expected.");
        long row = shape[^1] * type.SizeInBytes();
        return new HeadTensor(
            Info.ElementCount == 0 ? 0 : Tensor.Start, type, batch, heads, rows, (int)shape[^1], 0, shape.Length == 3 ? shape[1] * row : 0, row);
    }

    private float[] Numbers()
    {
        var numbers = new float[Info.ElementCount];
        Tensor.ReadF32(0, numbers);
        return numbers;
    }

    private InputException Wrong(string what) => new($"'{Path}': tensor '{Info.Name}', taken as {Role}, {what}");
}
