using ILGPU;

namespace Distributed.Kernels.Gpu.Packing;

/// <summary>
/// Rows as they were stored, brought into the order that the kernels read: once for all that read them. One thread for
/// each number written.
/// </summary>
internal static class PackKernels
{
    /// <summary>Turns tiles of rows round, element by element, and multiplies each in F64 by a factor (one rounding to F32).</summary>
    /// <param name="index">The number written.</param>
    /// <param name="from"><c>[tiles, rows, dim]</c>.</param>
    /// <param name="to"><c>[tiles, depth, rows]</c>.</param>
    /// <param name="rows">Rows of a tile.</param>
    /// <param name="dim">Elements of a row.</param>
    /// <param name="depth">The same with zeros behind.</param>
    /// <param name="factor">The factor.</param>
    public static void Turn<TElements>(
        Index1D index, ArrayView<byte> from, ArrayView<float> to, int rows, int dim, int depth, double factor)
        where TElements : struct, IDeviceElements
    {
        int row = index % rows, element = index / rows % depth, tile = index / rows / depth;
        to[index] = element < dim ? (float)(TElements.Load(from, (tile * rows + row) * dim + element) * factor) : 0f;
    }

    /// <summary>The same for rows whose factor is 1, without F64.</summary>
    public static void TurnAsIs<TElements>(Index1D index, ArrayView<byte> from, ArrayView<float> to, int rows, int dim, int depth)
        where TElements : struct, IDeviceElements
    {
        int row = index % rows, element = index / rows % depth, tile = index / rows / depth;
        to[index] = element < dim ? TElements.Load(from, (tile * rows + row) * dim + element) : 0f;
    }

    /// <summary>Rows in their order, with zeros behind their last element.</summary>
    /// <param name="index">The number written.</param>
    /// <param name="from"><c>[rows, dim]</c>.</param>
    /// <param name="to"><c>[rows, width]</c>.</param>
    /// <param name="dim">Elements of a row.</param>
    /// <param name="width">The same with zeros behind.</param>
    public static void Widen<TElements>(Index1D index, ArrayView<byte> from, ArrayView<float> to, int dim, int width)
        where TElements : struct, IDeviceElements
    {
        int element = index % width;
        to[index] = element < dim ? TElements.Load(from, index / width * dim + element) : 0f;
    }
}
