using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Exact;
using ILGPU;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>One launch of <see cref="TensorKernel"/>.</summary>
internal struct TensorArguments
{
    /// <summary>Row tiles, those with the most work first; each has a step.</summary>
    public ArrayView<RowTile> Tiles;

    /// <summary>Steps of all of them.</summary>
    public ArrayView<FoldStep> Steps;

    /// <summary>Queries: per row tile <c>[Rows, Elements]</c>.</summary>
    public ArrayView<Chunk> Queries;

    /// <summary>Keys: per slot <c>[SlotKeys, Elements]</c>.</summary>
    public ArrayView<Chunk> Keys;

    /// <summary>Values: per slot <c>[SlotKeys, Elements]</c>.</summary>
    public ArrayView<Chunk> Values;

    /// <summary>Mask words.</summary>
    public ArrayView<int> Words;

    /// <summary>O: <c>[rows, Elements]</c>.</summary>
    public ArrayView<float> Output;

    /// <summary>m: <c>[rows]</c>.</summary>
    public ArrayView<float> Max;

    /// <summary>l: <c>[rows]</c>.</summary>
    public ArrayView<float> Sum;

    /// <summary>Elements of a key, rounded up to 16.</summary>
    public int Depth;

    /// <summary>Keys that a slot has room for; a multiple of <see cref="TensorKernel.Keys"/>.</summary>
    public int SlotKeys;

    /// <summary>scale · log2 e.</summary>
    public float Scale;
}
