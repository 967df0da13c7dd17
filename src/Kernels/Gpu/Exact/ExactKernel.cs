using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>
/// The F32 kernel. It does the arithmetic of docs/kernels.md, operation by operation, so that a span folded here has the bits
/// of one that was folded on a CPU: which of them did it cannot be told from the result.
/// </summary>
/// <remarks>
/// A group of threads takes one row tile at a time and folds its spans one after the other, each in two passes: all scores of
/// the span and their maxima (<see cref="ScorePass"/>), then weights and weighted values (<see cref="WeightPass"/>). The scores
/// of the span at hand lie in memory that only this group uses, 256 or 512 KiB; written and read once, they are 8 bytes for
/// 2 · (D + Dv) operations, which is far from what a memory of 1 byte per 20 operations gives.
/// </remarks>
internal static class ExactKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 128;

    /// <summary>Keys have zeros behind their last element up to a multiple of this.</summary>
    public const int DepthUnit = 4;

    /// <summary>Rows or keys of a panel in shared memory.</summary>
    public const int Panel = 32;

    /// <summary>Room in shared memory for a panel of row factors and one of column factors, in groups of four.</summary>
    public const int PanelRoom = Panel * ((64 + 128 + 4) / 4);

    /// <summary>Rows of the tallest row tile.</summary>
    public const int MostRows = 128;

    /// <summary>Shared memory of a group, in bytes: panels, sums of weights, maxima, factors, and the tile's number.</summary>
    public const int SharedBytes = (PanelRoom * 4 + MostRows * WeightPass.LaneStride + 2 * MostRows + 1) * sizeof(float);

    /// <summary>Rows of a row tile.</summary>
    public static int Rows<TShape>()
        where TShape : struct, IExactShape => Threads / TShape.ColumnThreads * 8;

    /// <summary>Columns of a tile: keys of a panel, or elements of values.</summary>
    public static int Columns<TShape>()
        where TShape : struct, IExactShape => TShape.ColumnThreads * 8;

    /// <summary>Folds the steps of row tiles until none is left.</summary>
    public static void Fold<TShape>(FoldArguments arguments)
        where TShape : struct, IExactShape
    {
        ArrayView<Float4> panels = SharedMemory.Allocate<Float4>(PanelRoom).AsAligned16();
        ArrayView<float> lanes = SharedMemory.Allocate<float>(MostRows * WeightPass.LaneStride);
        ArrayView<float> max = SharedMemory.Allocate<float>(MostRows);
        ArrayView<float> keep = SharedMemory.Allocate<float>(MostRows);
        ArrayView<int> taken = SharedMemory.Allocate<int>(1);
        for (int index = Take(arguments, taken); index < arguments.Tiles.IntLength; index = Take(arguments, taken))
        {
            RowTile tile = arguments.Tiles[index];
            for (int i = tile.FirstStep; i < tile.EndStep; i++)
            {
                FoldStep step = arguments.Steps[i];
                ScorePass.Run<TShape>(arguments, tile, step, panels, max);
                WeightPass.Prepare<TShape>(arguments, tile, max, keep, lanes);
                for (int column = 0; column < arguments.Width; column += Columns<TShape>())
                {
                    RegisterTile sums = WeightPass.Run<TShape>(arguments, step, column, panels, max, lanes);
                    sums.FoldInto(
                        WeightPass.Place<TShape>(arguments.Output, tile.Index, arguments.Width, column), arguments.Width / 4, Columns<TShape>() / 8,
                        keep.SubView(Group.IdxX / TShape.ColumnThreads * 8, 8));
                }
                WeightPass.Finish<TShape>(arguments, tile, keep, lanes);
            }
        }
    }

    // Groups take tiles as they become free. Which group folds a tile changes no bit of it.
    private static int Take(FoldArguments arguments, ArrayView<int> taken)
    {
        Group.Barrier();
        if (Group.IdxX == 0)
            taken[0] = Atomic.Add(ref arguments.Next[0], 1);
        Group.Barrier();
        return taken[0];
    }
}
