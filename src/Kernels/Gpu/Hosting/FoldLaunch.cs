using Distributed.Kernels.Gpu.Exact;
using ILGPU;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>What a pass gives to whatever kernel folds it, on the device.</summary>
internal readonly struct FoldLaunch
{
    /// <summary>Row tiles, those with the most work first; each has a step.</summary>
    public required ArrayView<RowTile> Tiles { get; init; }

    /// <summary>Steps of all of them.</summary>
    public required ArrayView<FoldStep> Steps { get; init; }

    /// <summary>All slots' keys.</summary>
    public required ArrayView<byte> Keys { get; init; }

    /// <summary>All slots' values.</summary>
    public required ArrayView<byte> Values { get; init; }

    /// <summary>Mask words.</summary>
    public required ArrayView<int> Words { get; init; }

    /// <summary>Additive biases.</summary>
    public required ArrayView<float> Biases { get; init; }

    /// <summary>One number, 0.</summary>
    public required ArrayView<int> Next { get; init; }

    /// <summary>The row tile of each step.</summary>
    public required ArrayView<int> TileOf { get; init; }

    /// <summary>O: <c>[rows, Width]</c>.</summary>
    public required ArrayView<float> Output { get; init; }

    /// <summary>m: <c>[rows]</c>.</summary>
    public required ArrayView<float> Max { get; init; }

    /// <summary>l: <c>[rows]</c>.</summary>
    public required ArrayView<float> Sum { get; init; }
}
