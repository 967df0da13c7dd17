using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Exact;
using ILGPU;

namespace Distributed.Kernels.Gpu.Tensor;

/// <summary>
/// The kernel for F16 and BF16: products on tensor cores, sums, maxima and weights in F32 (Dao, "FlashAttention-2", 2023).
/// Weights are rounded to the input's type before they meet the values, which is what its error comes from.
/// </summary>
/// <remarks>
/// Four warps of 32 rows each: 128 query rows stay in shared memory, and 32 keys and 32 values at a time come in behind them,
/// 32 + 8 + 8 = 48 KiB, all that a kernel has without asking for more. Two such groups run on a multiprocessor (96 KiB). A
/// thread holds 128 sums of O, 32 scores, and 24 numbers of matrices: some 220 registers, 2 · 128 threads · 220 of 64 Ki.
/// Per 32 keys a warp multiplies 128 matrices of 16 × 8 × 16 (at the rate that mma.sync has on an H100, 13 clocks each on one of
/// four units: 1660 clocks) and reads 32 rows of 32 keys and values once for two row blocks: 16 KiB and its queries again,
/// 8 KiB; four warps 96 KiB, 770 clocks of shared memory, less than the 1660 of the products. 32 weights a thread take 256 clocks
/// of the unit for powers, scale, mask, maxima and sums about 150; O is multiplied by the change of the maximum only when there is
/// one. The keys of the next 32 are copied while weights and values are worked on, the values while the scores are.
/// </remarks>
internal static class TensorKernel
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 128;

    /// <summary>Rows of a row tile.</summary>
    public const int Rows = 128;

    /// <summary>Keys that are worked on at a time.</summary>
    public const int Keys = 32;

    /// <summary>Elements of queries, keys and values, zeros behind.</summary>
    public const int Elements = 128;

    /// <summary>Groups of eight elements in a row.</summary>
    public const int Chunks = Elements / 8;

    /// <summary>Folds one row tile, that of the group's number.</summary>
    public static void Fold<TElements>(TensorArguments arguments)
        where TElements : struct, ITensorElements
    {
        ArrayView<Chunk> shared = SharedMemory.Allocate<Chunk>((Rows + Keys + Keys) * Chunks);
        ArrayView<Chunk> queries = shared.SubView(0, Rows * Chunks), keys = shared.SubView(Rows * Chunks, Keys * Chunks),
            values = shared.SubView((Rows + Keys) * Chunks, Keys * Chunks);
        int lane = Group.IdxX % 32, warp = Group.IdxX / 32, row = warp * 32 + lane / 4, pair = lane % 4 * 2;
        RowTile tile = arguments.Tiles[Grid.IdxX];
        int rows = tile.Index * Rows + row;
        OutputTile top = default, bottom = default;
        top.Load(arguments.Output.SubView((long)rows * Elements + pair, 8 * Elements + Elements - 6), 8 * Elements);
        bottom.Load(arguments.Output.SubView((long)(rows + 16) * Elements + pair, 8 * Elements + Elements - 6), 8 * Elements);
        float max0 = arguments.Max[rows], max8 = arguments.Max[rows + 8], max16 = arguments.Max[rows + 16], max24 = arguments.Max[rows + 24];
        float sum0 = 0f, sum8 = 0f, sum16 = 0f, sum24 = 0f;
        // The first of the four threads that share a row goes on from the row's sum.
        if (pair == 0)
        {
            sum0 = arguments.Sum[rows];
            sum8 = arguments.Sum[rows + 8];
            sum16 = arguments.Sum[rows + 16];
            sum24 = arguments.Sum[rows + 24];
        }
        Bring(queries, arguments.Queries.SubView((long)tile.Index * Rows * Chunks, Rows * Chunks), Rows);
        int at = tile.FirstStep;
        FoldStep step = arguments.Steps[at];
        int key = step.FirstKey;
        Bring(keys, KeysAt(arguments.Keys, arguments.SlotKeys, step, key), Keys);
        TensorCore.EndCopies();
        Bring(values, KeysAt(arguments.Values, arguments.SlotKeys, step, key), Keys);
        TensorCore.EndCopies();
        while (at < tile.EndStep)
        {
            FoldStep present = step;
            int first = key;
            key += Keys;
            if (key >= step.EndKey)
            {
                at++;
                step = arguments.Steps[at < tile.EndStep ? at : at - 1];
                key = step.FirstKey;
            }
            TensorCore.AwaitCopiesButLast();
            Group.Barrier();
            ScoreTile over = default, under = default;
            for (int chunk = 0; chunk < arguments.Depth / 8; chunk += 2)
            {
                int part = chunk + lane / 16, keyPart = chunk + lane / 8 % 2, keyRow = lane % 8 + lane / 16 * 8;
                Chunk a = TensorCore.Load(ref queries[Place(warp * 32 + lane % 16, part)]);
                Chunk b = TensorCore.Load(ref queries[Place(warp * 32 + 16 + lane % 16, part)]);
                Chunk low = TensorCore.Load(ref keys[Place(keyRow, keyPart)]), high = TensorCore.Load(ref keys[Place(keyRow + 16, keyPart)]);
                over.Multiply<TElements>(a, low, high);
                under.Multiply<TElements>(b, low, high);
            }
            Group.Barrier();
            if (at < tile.EndStep)
                Bring(keys, KeysAt(arguments.Keys, arguments.SlotKeys, step, key), Keys);
            TensorCore.EndCopies();

            over.Scale(arguments.Scale);
            under.Scale(arguments.Scale);
            if (present.Words >= 0 || first + Keys > present.Keys)
            {
                over.Mask(Word(arguments, present, row, first), Word(arguments, present, row + 8, first), pair);
                under.Mask(Word(arguments, present, row + 16, first), Word(arguments, present, row + 24, first), pair);
            }
            float new0 = Larger(max0, over.UpperMax()), new8 = Larger(max8, over.LowerMax()), new16 = Larger(max16, under.UpperMax()), new24 = Larger(max24, under.LowerMax());
            float shift0 = DeviceMath.Shift(new0), shift8 = DeviceMath.Shift(new8), shift16 = DeviceMath.Shift(new16), shift24 = DeviceMath.Shift(new24);
            if (new0 > max0 || new8 > max8 || new16 > max16 || new24 > max24)
            {
                float keep0 = TensorCore.Exp2(max0 - shift0), keep8 = TensorCore.Exp2(max8 - shift8);
                float keep16 = TensorCore.Exp2(max16 - shift16), keep24 = TensorCore.Exp2(max24 - shift24);
                top.Keep(keep0, keep8);
                bottom.Keep(keep16, keep24);
                sum0 *= keep0;
                sum8 *= keep8;
                sum16 *= keep16;
                sum24 *= keep24;
            }
            max0 = new0;
            max8 = new8;
            max16 = new16;
            max24 = new24;
            over.Weigh(shift0, shift8);
            under.Weigh(shift16, shift24);
            sum0 += over.UpperSum();
            sum8 += over.LowerSum();
            sum16 += under.UpperSum();
            sum24 += under.LowerSum();

            TensorCore.AwaitCopiesButLast();
            Group.Barrier();
            Weigh<TElements>(ref top, ref bottom, over.LowFactors<TElements>(), under.LowFactors<TElements>(), values, lane % 16, lane / 16);
            Weigh<TElements>(ref top, ref bottom, over.HighFactors<TElements>(), under.HighFactors<TElements>(), values, 16 + lane % 16, lane / 16);
            Group.Barrier();
            if (at < tile.EndStep)
                Bring(values, KeysAt(arguments.Values, arguments.SlotKeys, step, key), Keys);
            TensorCore.EndCopies();
        }
        top.Store(arguments.Output.SubView((long)rows * Elements + pair, 8 * Elements + Elements - 6), 8 * Elements);
        bottom.Store(arguments.Output.SubView((long)(rows + 16) * Elements + pair, 8 * Elements + Elements - 6), 8 * Elements);
        sum0 = OverFour(sum0);
        sum8 = OverFour(sum8);
        sum16 = OverFour(sum16);
        sum24 = OverFour(sum24);
        if (pair != 0)
            return;
        arguments.Max[rows] = max0;
        arguments.Max[rows + 8] = max8;
        arguments.Max[rows + 16] = max16;
        arguments.Max[rows + 24] = max24;
        arguments.Sum[rows] = sum0;
        arguments.Sum[rows + 8] = sum8;
        arguments.Sum[rows + 16] = sum16;
        arguments.Sum[rows + 24] = sum24;
    }

    // 16 keys: eight pairs of matrices of 16 columns, each used for both blocks of 16 rows.
    private static void Weigh<TElements>(
        ref OutputTile top, ref OutputTile bottom, Chunk over, Chunk under, ArrayView<Chunk> values, int key, int half)
        where TElements : struct, ITensorElements
    {
        Chunk left = TensorCore.LoadTurned(ref values[Place(key, half)]), right = TensorCore.LoadTurned(ref values[Place(key, half + 2)]);
        top.Multiply0<TElements>(over, left, right);
        bottom.Multiply0<TElements>(under, left, right);
        left = TensorCore.LoadTurned(ref values[Place(key, half + 4)]);
        right = TensorCore.LoadTurned(ref values[Place(key, half + 6)]);
        top.Multiply1<TElements>(over, left, right);
        bottom.Multiply1<TElements>(under, left, right);
        left = TensorCore.LoadTurned(ref values[Place(key, half + 8)]);
        right = TensorCore.LoadTurned(ref values[Place(key, half + 10)]);
        top.Multiply2<TElements>(over, left, right);
        bottom.Multiply2<TElements>(under, left, right);
        left = TensorCore.LoadTurned(ref values[Place(key, half + 12)]);
        right = TensorCore.LoadTurned(ref values[Place(key, half + 14)]);
        top.Multiply3<TElements>(over, left, right);
        bottom.Multiply3<TElements>(under, left, right);
    }

    // Eight rows that are read at the same column lie in different banks.
    private static int Place(int row, int chunk) => row * Chunks + (chunk ^ (row & 7));

    private static void Bring(ArrayView<Chunk> to, ArrayView<Chunk> from, int rows)
    {
        for (int i = Group.IdxX; i < rows * Chunks; i += Threads)
            TensorCore.Copy(ref to[Place(i / Chunks, i % Chunks)], ref from[i]);
    }

    private static ArrayView<Chunk> KeysAt(ArrayView<Chunk> of, int slotKeys, FoldStep step, int key) =>
        of.SubView(((long)step.Slot * slotKeys + key) * Chunks, Keys * Chunks);

    private static int Word(TensorArguments arguments, FoldStep step, int row, int key)
    {
        if (step.Words >= 0)
            return arguments.Words[step.Words + row * ((step.Keys + 63) / 64 * 2) + key / 32];
        return step.Keys - key >= 32 ? -1 : (1 << (step.Keys - key)) - 1;
    }

    private static float Larger(float a, float b) => b > a ? b : a;

    private static float OverFour(float mine)
    {
        mine += Warp.ShuffleXor(mine, 1);
        return mine + Warp.ShuffleXor(mine, 2);
    }
}
