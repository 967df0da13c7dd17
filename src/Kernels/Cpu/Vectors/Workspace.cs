using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>The scratch memory of one running call, for <see cref="Blocking.BlockRows"/> rows.</summary>
/// <param name="memory">64-byte aligned.</param>
/// <param name="columns">Columns of a value with their padding.</param>
internal readonly unsafe struct Workspace(byte* memory, int columns)
{
    private const int ScoreFloats = Blocking.BlockRows * Blocking.ScoreStride;
    private const int LaneFloats = Blocking.BlockRows * Arithmetic.Lanes;

    /// <summary>Scores, later weights: <c>[rows, 1024]</c>, rows <see cref="Blocking.ScoreStride"/> apart.</summary>
    public float* Scores => (float*)memory;

    /// <summary>Running maxima of the scores: <c>[rows, 16]</c>.</summary>
    public float* Maxima => Scores + ScoreFloats;

    /// <summary>Running sums of the weights: <c>[rows, 16]</c>.</summary>
    public float* WeightSums => Maxima + LaneFloats;

    /// <summary>Per row, what its scores are taken relative to.</summary>
    public float* Shifts => WeightSums + LaneFloats;

    /// <summary>Per row, what its old state is multiplied by: 2^(old maximum − new maximum).</summary>
    public float* Keep => Shifts + Blocking.BlockRows;

    /// <summary>Weighted values of the span: <c>[group, strip, 6, width]</c>.</summary>
    public float* Sums => Keep + Blocking.BlockRows;

    /// <summary>Values of one tile, packed on the way by <see cref="CpuKernel.FoldDirect"/>.</summary>
    public float* TileValues => Sums + Blocking.BlockRows * columns;

    /// <summary>Keys of one panel, packed on the way by <see cref="CpuKernel.FoldDirect"/>.</summary>
    public float* PanelKeys => TileValues + Blocking.TileKeys * columns;

    /// <summary>Columns of a value with their padding.</summary>
    public int Columns => columns;

    /// <summary>Bytes it takes.</summary>
    /// <param name="columns">Columns of a value with their padding.</param>
    /// <param name="panel">F32 numbers of a packed panel of keys.</param>
    public static nuint Bytes(int columns, int panel) => sizeof(float) * (nuint)(
        ScoreFloats + 2 * LaneFloats + 2 * Blocking.BlockRows + (Blocking.BlockRows + Blocking.TileKeys) * columns + panel);

    /// <summary>Where the sums of a group on a strip begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* SumsOf(int group, ColumnStrip strip) =>
        Sums + (nint)group * Blocking.GroupRows * columns + (nint)strip.First * Blocking.GroupRows;
}
