using Distributed.Kernels.Gpu.Arithmetic;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>
/// The F32 kernel for few rows and many keys (decoding): key spans are worked on at the same time, by a group of threads each, and
/// put together in their order. The operations on every number are those of <see cref="ExactKernel"/>, so the bits are too: a
/// span's weights need the maximum of the spans before it, which is known once all scores are.
/// </summary>
/// <remarks>In four launches: scores and maxima of each step; maxima in order; weights and values of each step; sums in order.</remarks>
internal static class SplitKernel
{
    /// <summary>Scores of a step, that of the group's number, and the largest of each row.</summary>
    public static void Scores<TShape>(FoldArguments arguments, SplitArguments split)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>();
        ArrayView<Float4> panels = SharedMemory.Allocate<Float4>(ExactKernel.PanelRoom).AsAligned16();
        ArrayView<float> max = SharedMemory.Allocate<float>(ExactKernel.MostRows);
        ScorePass.Run<TShape>(arguments, arguments.Tiles[split.TileOf[Grid.IdxX]], arguments.Steps[Grid.IdxX], panels, max);
        Group.Barrier();
        for (int row = Group.IdxX; row < rows; row += ExactKernel.Threads)
            split.Max[Grid.IdxX * rows + row] = max[row];
    }

    /// <summary>Goes through the maxima of a row, step after step. One thread for each row of each tile.</summary>
    public static void Shifts(Index1D index, FoldArguments arguments, SplitArguments split, int rows)
    {
        RowTile tile = arguments.Tiles[index / rows];
        int row = index % rows, at = tile.Index * rows + row;
        float max = arguments.Max[at];
        for (int step = tile.FirstStep; step < tile.EndStep; step++)
        {
            float old = max, seen = split.Max[step * rows + row];
            max = seen > old ? seen : old;
            max = max == 0f ? 0f : max;
            float shift = DeviceMath.Shift(max);
            split.Shift[step * rows + row] = shift;
            split.Keep[step * rows + row] = DeviceMath.Exp2(old - shift);
        }
        arguments.Max[at] = max;
    }

    /// <summary>Weights of a step, their sums, and the weighted values.</summary>
    public static void Weights<TShape>(FoldArguments arguments, SplitArguments split)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>();
        ArrayView<Float4> panels = SharedMemory.Allocate<Float4>(ExactKernel.PanelRoom).AsAligned16();
        ArrayView<float> lanes = SharedMemory.Allocate<float>(ExactKernel.MostRows * WeightPass.LaneStride);
        ArrayView<float> shift = SharedMemory.Allocate<float>(ExactKernel.MostRows);
        for (int row = Group.IdxX; row < rows; row += ExactKernel.Threads)
            shift[row] = split.Shift[Grid.IdxX * rows + row];
        for (int i = Group.IdxX; i < rows * WeightPass.LaneStride; i += ExactKernel.Threads)
            lanes[i] = 0f;
        for (int column = 0; column < arguments.Width; column += ExactKernel.Columns<TShape>())
        {
            RegisterTile sums = WeightPass.Run<TShape>(arguments, arguments.Steps[Grid.IdxX], column, panels, shift, lanes);
            sums.Store(WeightPass.Place<TShape>(split.Output, Grid.IdxX, arguments.Width, column), arguments.Width / 4, ExactKernel.Columns<TShape>() / 8);
        }
        Group.Barrier();
        for (int row = Group.IdxX; row < rows; row += ExactKernel.Threads)
            split.Sum[Grid.IdxX * rows + row] = WeightPass.Join(lanes, row);
    }

    /// <summary>Adds the steps of a tile up, in their order. One thread for each number of O.</summary>
    public static void Sums(Index1D index, FoldArguments arguments, SplitArguments split, int rows)
    {
        int column = index % arguments.Width, row = index / arguments.Width % rows;
        RowTile tile = arguments.Tiles[index / arguments.Width / rows];
        int at = tile.Index * rows + row;
        float output = arguments.Output[(long)at * arguments.Width + column];
        for (int step = tile.FirstStep; step < tile.EndStep; step++)
            output = DeviceMath.Fma(output, split.Keep[step * rows + row], split.Output[((long)step * rows + row) * arguments.Width + column]);
        arguments.Output[(long)at * arguments.Width + column] = output;
        if (column > 0)
            return;
        float sum = arguments.Sum[at];
        for (int step = tile.FirstStep; step < tile.EndStep; step++)
            sum = DeviceMath.Fma(sum, split.Keep[step * rows + row], split.Sum[step * rows + row]);
        arguments.Sum[at] = sum;
    }
}

/// <summary>What lies between the launches of <see cref="SplitKernel"/>, for each step and row.</summary>
internal struct SplitArguments
{
    /// <summary>The row tile of each step.</summary>
    public ArrayView<int> TileOf;

    /// <summary>Largest scores: <c>[steps, rows]</c>.</summary>
    public ArrayView<float> Max;

    /// <summary>What scores are taken relative to: <c>[steps, rows]</c>.</summary>
    public ArrayView<float> Shift;

    /// <summary>Factors of the state before the step: <c>[steps, rows]</c>.</summary>
    public ArrayView<float> Keep;

    /// <summary>Sums of weights: <c>[steps, rows]</c>.</summary>
    public ArrayView<float> Sum;

    /// <summary>Weighted values: <c>[steps, rows, width]</c>.</summary>
    public ArrayView<float> Output;
}
