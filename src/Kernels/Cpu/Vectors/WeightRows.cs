using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Scores of one group on some keys that are still to become weights, row after row. The product of another
/// tile takes them along piece by piece: their additions, comparisons and shifts run on pipes that multiply-adds leave
/// idle.
/// </summary>
internal unsafe struct WeightRows
{
    private float* _at;
    private float* _shifts;
    private float* _sums;
    private int _vectorsInRow;

    /// <summary>The rows of a group.</summary>
    /// <param name="work">The workspace.</param>
    /// <param name="group">The group.</param>
    /// <param name="rows">Rows of the group, at most six.</param>
    /// <param name="keys">The keys; not empty.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public WeightRows(in Workspace work, int group, int rows, KeyRange keys)
    {
        int row = group * Blocking.GroupRows;
        int first = keys.First;
        _at = work.Scores + (nint)row * Blocking.ScoreStride + first;
        _shifts = work.Shifts + row;
        _sums = work.WeightSums + row * Arithmetic.Lanes;
        Vectors = (keys.End - first + Arithmetic.Lanes - 1) / Arithmetic.Lanes;
        _vectorsInRow = Vectors;
        Pieces = rows * ((Vectors + Blocking.PieceVectors - 1) / Blocking.PieceVectors);
    }

    /// <summary>Pieces still to do: up to <see cref="Blocking.PieceVectors"/> vectors of one row each.</summary>
    public int Pieces { get; private set; }

    /// <summary>Vectors of scores in a row.</summary>
    public int Vectors { get; }

    /// <summary>Turns the scores of the next piece into weights and adds them, lane by lane, to the row's sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next<T>()
        where T : struct, ILanes<T>
    {
        T shift = T.Create(*_shifts);
        T sum = T.Load(_sums);
        int vectors = Blocking.PieceVectors;
        if (_vectorsInRow >= Blocking.PieceVectors)
        {
            // Written out: a loop's end would be mispredicted each time.
            sum = T.Add(sum, One(_at, shift));
            sum = T.Add(sum, One(_at + Arithmetic.Lanes, shift));
            sum = T.Add(sum, One(_at + 2 * Arithmetic.Lanes, shift));
            sum = T.Add(sum, One(_at + 3 * Arithmetic.Lanes, shift));
        }
        else
        {
            vectors = _vectorsInRow;
            for (int i = 0; i < vectors; i++)
                sum = T.Add(sum, One(_at + i * Arithmetic.Lanes, shift));
        }
        T.Store(sum, _sums);
        _at += vectors * Arithmetic.Lanes;
        Pieces--;
        _vectorsInRow -= vectors;
        if (_vectorsInRow > 0)
            return;
        _vectorsInRow = Vectors;
        _at += Blocking.ScoreStride - Vectors * Arithmetic.Lanes;
        _shifts++;
        _sums += Arithmetic.Lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T One<T>(float* at, T shift)
        where T : struct, ILanes<T>
    {
        T weight = Exp2.Of(T.Subtract(T.Load(at), shift));
        T.Store(weight, at);
        return weight;
    }

    /// <summary>All pieces that are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish<T>(ref WeightRows rows)
        where T : struct, ILanes<T>
    {
        WeightRows local = rows;
        while (local.Pieces > 0)
            local.Next<T>();
        rows = local;
    }
}
