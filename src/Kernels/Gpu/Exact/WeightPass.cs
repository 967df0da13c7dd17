using Distributed.Kernels.Gpu.Arithmetic;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>The second pass over a span: weights from scores, their sums, and the weighted values.</summary>
internal static class WeightPass
{
    /// <summary>Numbers from one row's 16 sums of weights to the next row's; odd, so that rows lie in different banks.</summary>
    public const int LaneStride = 17;

    private const int Lanes = Cpu.Arithmetic.Lanes;

    /// <summary>The new maxima, the factors of the old states, and empty sums.</summary>
    public static void Prepare<TShape>(
        FoldArguments arguments, RowTile tile, ArrayView<float> max, ArrayView<float> keep, ArrayView<float> lanes)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>();
        Group.Barrier();
        for (int row = Group.IdxX; row < rows; row += ExactKernel.Threads)
        {
            float old = arguments.Max[tile.Index * rows + row];
            float now = max[row] > old ? max[row] : old;
            now = now == 0f ? 0f : now;
            arguments.Max[tile.Index * rows + row] = now;
            float shift = DeviceMath.Shift(now);
            max[row] = shift;
            keep[row] = DeviceMath.Exp2(old - shift);
        }
        for (int i = Group.IdxX; i < rows * LaneStride; i += ExactKernel.Threads)
            lanes[i] = 0f;
    }

    /// <summary>The weighted values of some columns; with the first columns the weights are added to their sums.</summary>
    /// <param name="arguments">The launch.</param>
    /// <param name="step">The span.</param>
    /// <param name="firstColumn">The columns' first.</param>
    /// <param name="panels">Shared memory for a panel of weights and one of values.</param>
    /// <param name="shift">What the scores of each row are taken relative to.</param>
    /// <param name="lanes">Per row 16 sums of weights: lane = key mod 16.</param>
    public static RegisterTile Run<TShape>(
        FoldArguments arguments, FoldStep step, int firstColumn, ArrayView<Float4> panels, ArrayView<float> shift, ArrayView<float> lanes)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>(), columns = ExactKernel.Columns<TShape>();
        int across = Group.IdxX % TShape.ColumnThreads, down = Group.IdxX / TShape.ColumnThreads;
        // Four more numbers than rows: the 16 weights of a row that half a warp writes then lie in 8 banks, not in 1.
        int stride = rows + 4;
        ArrayView<Float4> weights = panels, values = panels.SubView(ExactKernel.Panel * stride / 4, ExactKernel.Panel * columns / 4);
        ArrayView<float> weightsOut = panels.Cast<float>();
        ArrayView<Float4> valuesIn = arguments.Values.SubView((long)step.Slot * arguments.SlotKeys * arguments.Width, (long)arguments.SlotKeys * arguments.Width)
            .Cast<Float4>().AsAligned16();
        ArrayView<float> scores = arguments.Scores.SubView((long)Grid.IdxX * rows * arguments.SlotKeys, (long)rows * arguments.SlotKeys);
        int lane = Group.IdxX % Lanes, width = arguments.Width / 4;
        RegisterTile sums = default, chunk = default;
        for (int first = step.FirstKey; first < step.EndKey; first += ExactKernel.Panel)
        {
            Group.Barrier();
            for (int row = Group.IdxX / Lanes; row < rows; row += ExactKernel.Threads / Lanes)
            {
                float relative = shift[row];
                float a = DeviceMath.Exp2(scores[row * arguments.SlotKeys + first + lane] - relative);
                float b = DeviceMath.Exp2(scores[row * arguments.SlotKeys + first + lane + Lanes] - relative);
                weightsOut[lane * stride + row] = a;
                weightsOut[(lane + Lanes) * stride + row] = b;
                if (firstColumn == 0)
                    lanes[row * LaneStride + lane] = lanes[row * LaneStride + lane] + a + b;
            }
            for (int i = Group.IdxX; i < ExactKernel.Panel * (columns / 4); i += ExactKernel.Threads)
                values[i] = valuesIn[(first + i / (columns / 4)) * width + firstColumn / 4 + i % (columns / 4)];
            Group.Barrier();
            int at = down * 2, column = across;
            for (int key = 0; key < ExactKernel.Panel; key += 4)
            {
                chunk.AddOuter(weights[at], weights[at + 1], values[column], values[column + columns / 8]);
                at += stride / 4;
                column += columns / 4;
                chunk.AddOuter(weights[at], weights[at + 1], values[column], values[column + columns / 8]);
                at += stride / 4;
                column += columns / 4;
                chunk.AddOuter(weights[at], weights[at + 1], values[column], values[column + columns / 8]);
                at += stride / 4;
                column += columns / 4;
                chunk.AddOuter(weights[at], weights[at + 1], values[column], values[column + columns / 8]);
                at += stride / 4;
                column += columns / 4;
            }
            // Values weighted by 128 keys are summed from 0 before they are added: part of the arithmetic.
            if ((first + ExactKernel.Panel) % Cpu.Arithmetic.ChunkKeys == 0 || first + ExactKernel.Panel >= step.EndKey)
            {
                sums.Add(chunk);
                chunk = default;
            }
        }
        return sums;
    }

    /// <summary>Where a thread's part of some columns of O begins.</summary>
    /// <param name="output">O of all row tiles.</param>
    /// <param name="index">The row tile.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="firstColumn">The columns' first.</param>
    public static ArrayView<Float4> Place<TShape>(ArrayView<float> output, int index, int width, int firstColumn)
        where TShape : struct, IExactShape
    {
        int across = Group.IdxX % TShape.ColumnThreads, down = Group.IdxX / TShape.ColumnThreads;
        long to = ((long)index * ExactKernel.Rows<TShape>() + down * 8) * width + firstColumn + across * 4;
        return output.SubView(to, 7L * width + ExactKernel.Columns<TShape>() / 2 + 4).Cast<Float4>().AsAligned16();
    }

    /// <summary>Joins the sums of a row's weights: lanes i and i + 8, then i and i + 4, i + 2, i + 1.</summary>
    public static float Join(ArrayView<float> lanes, int row)
    {
        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++)
                lanes[row * LaneStride + lane] += lanes[row * LaneStride + lane + half];
        }
        return lanes[row * LaneStride];
    }

    /// <summary>Adds the sums of weights to l.</summary>
    public static void Finish<TShape>(FoldArguments arguments, RowTile tile, ArrayView<float> keep, ArrayView<float> lanes)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>();
        Group.Barrier();
        for (int row = Group.IdxX; row < rows; row += ExactKernel.Threads)
        {
            int at = tile.Index * rows + row;
            arguments.Sum[at] = DeviceMath.Fma(arguments.Sum[at], keep[row], Join(lanes, row));
        }
    }
}
