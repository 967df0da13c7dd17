using ILGPU;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>Query rows that one group of threads works on, and the key spans that they fold, in the canonical order.</summary>
/// <remarks>32 bytes, as a step: a view of bytes can be seen as one of other elements only where it begins at a multiple of their size.</remarks>
internal struct RowTile
{
    /// <summary>Its place among the packed queries, and its rows' place in the states.</summary>
    public int Index;

    /// <summary>First of its steps.</summary>
    public int FirstStep;

    /// <summary>Behind the last of its steps.</summary>
    public int EndStep;

    /// <summary>ALiBi: −slope · log2 e of its head.</summary>
    public float Slope;

    /// <summary>First number of its head's relative biases.</summary>
    public int Relative;

    /// <summary>Rows that are there; the others up to the height of a tile are zeros.</summary>
    public int Rows;

    /// <summary>Keys of its steps: tiles with more of them are taken first.</summary>
    public int Work;

    /// <summary>The unit whose rows these are.</summary>
    public int Unit;
}

/// <summary>A key span that a row tile folds.</summary>
internal struct FoldStep
{
    /// <summary>The span's slot on the device.</summary>
    public int Slot;

    /// <summary>Keys of the span.</summary>
    public int Keys;

    /// <summary>First key that some row of the tile sees, rounded down to a multiple of <see cref="Cpu.Arithmetic.ChunkKeys"/>.</summary>
    public int FirstKey;

    /// <summary>Behind the last key that some row sees.</summary>
    public int EndKey;

    /// <summary>First mask word (32 keys) of the tile's first row; −1 = every row sees every key.</summary>
    public int Words;

    /// <summary>First number of the additive bias of the tile's first row, base 2 not yet; −1 = none.</summary>
    public int Bias;

    /// <summary>Numbers from one row of the bias to the next.</summary>
    public int BiasStride;

    /// <summary>First key of the span, counted as positions are; distances are taken from it.</summary>
    public int KeyPosition;
}

/// <summary>One launch: everything that a fold reads and writes, on the device.</summary>
internal struct FoldArguments
{
    /// <summary>Row tiles, those with the most work first.</summary>
    public ArrayView<RowTile> Tiles;

    /// <summary>Steps of all of them.</summary>
    public ArrayView<FoldStep> Steps;

    /// <summary>Packed queries: per row tile <c>[Depth, Rows]</c>.</summary>
    public ArrayView<float> Queries;

    /// <summary>Packed keys: per slot <c>[Depth, SlotKeys]</c>.</summary>
    public ArrayView<float> Keys;

    /// <summary>Packed values: per slot <c>[SlotKeys, Width]</c>.</summary>
    public ArrayView<float> Values;

    /// <summary>Mask words.</summary>
    public ArrayView<int> Words;

    /// <summary>Positions of the rows, relative to the launch's origin.</summary>
    public ArrayView<int> Positions;

    /// <summary>Relative biases by distance, base 2: for each head <c>2 · Reach + 1</c>.</summary>
    public ArrayView<float> Relative;

    /// <summary>Additive biases, natural units.</summary>
    public ArrayView<float> Bias;

    /// <summary>Scores of the span at hand: per group of threads <c>[Rows, SlotKeys]</c>.</summary>
    public ArrayView<float> Scores;

    /// <summary>O: <c>[rows, Width]</c>.</summary>
    public ArrayView<float> Output;

    /// <summary>m: <c>[rows]</c>.</summary>
    public ArrayView<float> Max;

    /// <summary>l: <c>[rows]</c>.</summary>
    public ArrayView<float> Sum;

    /// <summary>The next row tile to take; one number, 0 at the start.</summary>
    public ArrayView<int> Next;

    /// <summary>Elements of a key, rounded up to <see cref="ExactKernel.DepthUnit"/>; those behind the last are 0.</summary>
    public int Depth;

    /// <summary>Elements of a value, rounded up to a column tile.</summary>
    public int Width;

    /// <summary>Keys that a slot has room for; a multiple of <see cref="Cpu.Arithmetic.ChunkKeys"/>.</summary>
    public int SlotKeys;

    /// <summary>Farthest distance of <see cref="Relative"/>; −1 = none.</summary>
    public int Reach;

    /// <summary>2 / softcap; 0 = none.</summary>
    public float CapIn;

    /// <summary>Softcap · log2 e.</summary>
    public float CapOut;
}
