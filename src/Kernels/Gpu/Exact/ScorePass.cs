using Distributed.Kernels.Gpu.Arithmetic;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>The first pass over a span: scores, what is done to them, the mask, and the maximum of each row.</summary>
internal static class ScorePass
{
    /// <summary>Writes the scores of a row tile on a span, and the largest of each row to <paramref name="max"/>.</summary>
    public static void Run<TShape>(
        FoldArguments arguments, RowTile tile, FoldStep step, ArrayView<Float4> panels, ArrayView<float> max)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>(), columns = ExactKernel.Columns<TShape>();
        int across = Group.IdxX % TShape.ColumnThreads, down = Group.IdxX / TShape.ColumnThreads;
        for (int row = Group.IdxX; row < rows; row += ExactKernel.Threads)
            max[row] = float.NegativeInfinity;
        ArrayView<float> queries = arguments.Queries.SubView((long)tile.Index * arguments.Depth * rows, (long)arguments.Depth * rows);
        ArrayView<float> keys = arguments.Keys.SubView((long)step.Slot * arguments.Depth * arguments.SlotKeys, (long)arguments.Depth * arguments.SlotKeys);
        long scratch = ((long)Grid.IdxX * rows + down * 8) * arguments.SlotKeys;
        bool staged = arguments.CapIn != 0f || tile.Slope != 0f || arguments.Reach >= 0 || step.Bias >= 0;
        for (int first = step.FirstKey; first < step.EndKey; first += columns)
        {
            RegisterTile sums = Products<TShape>(queries, keys, arguments.Depth, arguments.SlotKeys, first, panels);
            ArrayView<float> own = arguments.Scores.SubView(scratch + first + across * 4, 7L * arguments.SlotKeys + columns / 2 + 4);
            sums.Store(own.Cast<Float4>().AsAligned16(), arguments.SlotKeys / 4, columns / 8);
            if (!staged && step.Words < 0 && first + columns <= step.Keys)
            {
                sums.MaxInto<TShape>(max.SubView(down * 8, 8));
                continue;
            }
            for (int row = 0; row < 8; row++)
            {
                float largest = float.NegativeInfinity;
                for (int i = 0; i < 8; i++)
                {
                    int column = i < 4 ? i : columns / 2 + i - 4;
                    int at = row * arguments.SlotKeys + column, key = first + across * 4 + column;
                    float score = key < step.Keys && Seen(arguments, step, down * 8 + row, key)
                        ? (staged ? Stage(arguments, tile, step, rows, down * 8 + row, key, own[at]) : own[at])
                        : float.NegativeInfinity;
                    own[at] = score;
                    largest = score > largest ? score : largest;
                }
                RowMaximum.Into<TShape>(max, down * 8 + row, largest);
            }
        }
    }

    // Products of 32 elements are summed from 0 before they are added: part of the arithmetic.
    private static RegisterTile Products<TShape>(
        ArrayView<float> queries, ArrayView<float> keys, int depth, int slotKeys, int firstKey, ArrayView<Float4> panels)
        where TShape : struct, IExactShape
    {
        int rows = ExactKernel.Rows<TShape>(), columns = ExactKernel.Columns<TShape>();
        int across = Group.IdxX % TShape.ColumnThreads, down = Group.IdxX / TShape.ColumnThreads;
        ArrayView<Float4> rowPanel = panels, columnPanel = panels.SubView(ExactKernel.Panel * rows / 4, ExactKernel.Panel * columns / 4);
        ArrayView<Float4> from = queries.Cast<Float4>().AsAligned16(), keysFrom = keys.Cast<Float4>().AsAligned16();
        RegisterTile sums = default;
        for (int first = 0; first < depth; first += ExactKernel.Panel)
        {
            int count = IntrinsicMath.Min(ExactKernel.Panel, depth - first);
            Group.Barrier();
            for (int i = Group.IdxX; i < count * (rows / 4); i += ExactKernel.Threads)
                rowPanel[i] = from[first * (rows / 4) + i];
            for (int i = Group.IdxX; i < count * (columns / 4); i += ExactKernel.Threads)
                columnPanel[i] = keysFrom[(first + i / (columns / 4)) * (slotKeys / 4) + firstKey / 4 + i % (columns / 4)];
            Group.Barrier();
            RegisterTile chunk = default;
            int row = down * 2, column = across;
            for (int d = 0; d < count; d += 4)
            {
                chunk.AddOuter(rowPanel[row], rowPanel[row + 1], columnPanel[column], columnPanel[column + columns / 8]);
                row += rows / 4;
                column += columns / 4;
                chunk.AddOuter(rowPanel[row], rowPanel[row + 1], columnPanel[column], columnPanel[column + columns / 8]);
                row += rows / 4;
                column += columns / 4;
                chunk.AddOuter(rowPanel[row], rowPanel[row + 1], columnPanel[column], columnPanel[column + columns / 8]);
                row += rows / 4;
                column += columns / 4;
                chunk.AddOuter(rowPanel[row], rowPanel[row + 1], columnPanel[column], columnPanel[column + columns / 8]);
                row += rows / 4;
                column += columns / 4;
            }
            sums.Add(chunk);
        }
        return sums;
    }

    private static bool Seen(FoldArguments arguments, FoldStep step, int row, int key) =>
        step.Words < 0 || (arguments.Words[step.Words + row * ((step.Keys + 63) / 64 * 2) + key / 32] >> (key % 32) & 1) != 0;

    // Scores.ScoreStage, one score at a time.
    private static float Stage(FoldArguments arguments, RowTile tile, FoldStep step, int rows, int row, int key, float score)
    {
        if (arguments.CapIn != 0f)
            score = DeviceMath.Multiply(DeviceMath.Tanh(DeviceMath.Multiply(score, arguments.CapIn)), arguments.CapOut);
        if (tile.Slope != 0f || arguments.Reach >= 0)
        {
            float position = arguments.Positions[tile.Index * rows + row] - step.KeyPosition;
            if (tile.Slope != 0f)
            {
                float distance = position - key;
                score = DeviceMath.Fma(distance < 0f ? -distance : distance, tile.Slope, score);
            }
            if (arguments.Reach >= 0)
            {
                int at = IntrinsicMath.Clamp(arguments.Reach + key - (int)position, 0, 2 * arguments.Reach);
                score += arguments.Relative[tile.Relative + at];
            }
        }
        if (step.Bias >= 0)
        {
            score = DeviceMath.Fma(arguments.Bias[step.Bias + row * step.BiasStride + key], Log2E, score);
        }
        return score;
    }

    private const float Log2E = 1.44269502f;
}
