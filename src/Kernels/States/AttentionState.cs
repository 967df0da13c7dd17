namespace Distributed.Kernels.States;

/// <summary>
/// The running softmax of some query rows of one head: per row the unnormalised output O, the running maximum m and the
/// running sum l (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
/// "FlashAttention", 2022, algorithm 1). Scores, and so m, are in base 2: m is the largest
/// <c>scale · q·k · log2(e)</c> seen, and weights are <c>2^(s − m)</c>.
/// </summary>
/// <param name="output">O: <c>[rows, valueDim]</c>, row after row.</param>
/// <param name="max">m: <c>[rows]</c>; −∞ before anything was seen.</param>
/// <param name="sum">l: <c>[rows]</c>; 0 before anything was seen.</param>
/// <param name="rows">Query rows.</param>
/// <param name="valueDim">Elements of a value.</param>
public readonly unsafe struct AttentionState(float* output, float* max, float* sum, int rows, int valueDim)
{
    /// <summary>O: <c>[rows, valueDim]</c>, row after row.</summary>
    public float* Output => output;

    /// <summary>m: <c>[rows]</c>; −∞ before anything was seen.</summary>
    public float* Max => max;

    /// <summary>l: <c>[rows]</c>; 0 before anything was seen.</summary>
    public float* Sum => sum;

    /// <summary>Query rows.</summary>
    public int Rows => rows;

    /// <summary>Elements of a value.</summary>
    public int ValueDim => valueDim;

    /// <summary>Where statistics of the rows' weights are summed up while keys are folded; null = none are wanted.</summary>
    public RowStatistics* Statistics { get; private init; }

    /// <summary>The same state, whose folds fill statistics too.</summary>
    public AttentionState With(RowStatistics* statistics) => new(Output, Max, Sum, Rows, ValueDim) { Statistics = statistics };

    /// <summary>F32 numbers that the state of <paramref name="rows"/> rows takes.</summary>
    public static nuint FloatsFor(int rows, int valueDim) => (nuint)rows * (nuint)(valueDim + 2);

    /// <summary>A state laid out in <see cref="FloatsFor"/> numbers at <paramref name="memory"/>: O, then m, then l.</summary>
    public static AttentionState At(float* memory, int rows, int valueDim)
    {
        float* max = memory + (nint)rows * valueDim;
        return new AttentionState(memory, max, max + rows, rows, valueDim);
    }

    /// <summary>Makes it the state of rows that have seen nothing.</summary>
    public void Reset()
    {
        new Span<float>(Sum, Rows).Clear();
        new Span<float>(Max, Rows).Fill(float.NegativeInfinity);
        for (int row = 0; row < Rows; row++)
            OutputRow(row).Clear();
    }

    /// <summary>O of one row.</summary>
    public Span<float> OutputRow(int row) => new(Output + (nint)row * ValueDim, ValueDim);

    /// <summary>The state of rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/>.</summary>
    public AttentionState Slice(int first, int count) =>
        new(Output + (nint)first * ValueDim, Max + first, Sum + first, count, ValueDim);
}
