using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu;

/// <summary>Query rows as <see cref="CpuKernel.PackQueries"/> left them.</summary>
/// <param name="data">The packed rows.</param>
/// <param name="rows">Query rows.</param>
/// <param name="dim">Elements of a query.</param>
/// <param name="stage">What is done to their scores on the tile at hand before the mask; null = nothing.</param>
public readonly unsafe struct PackedQueries(byte* data, int rows, int dim, ScoreStage* stage = null)
{
    /// <summary>The packed rows.</summary>
    public byte* Data => data;

    /// <summary>Query rows.</summary>
    public int Rows => rows;

    /// <summary>Elements of a query.</summary>
    public int Dim => dim;

    /// <summary>What is done to their scores on the tile at hand before the mask; null = nothing.</summary>
    public ScoreStage* Stage => stage;

    /// <summary>The same rows with something done to their scores; the stage is the caller's and must outlive the call.</summary>
    public PackedQueries With(ScoreStage* scoreStage) => new(data, rows, dim, scoreStage);
}

/// <summary>Keys as <see cref="CpuKernel.PackKeys"/> left them.</summary>
/// <param name="data">The packed keys.</param>
/// <param name="count">Keys.</param>
/// <param name="dim">Elements of a key.</param>
public readonly unsafe struct PackedKeys(byte* data, int count, int dim)
{
    /// <summary>The packed keys.</summary>
    public byte* Data => data;

    /// <summary>Keys.</summary>
    public int Count => count;

    /// <summary>Elements of a key.</summary>
    public int Dim => dim;
}

/// <summary>Values as <see cref="CpuKernel.PackValues"/> left them.</summary>
/// <param name="data">The packed values.</param>
/// <param name="count">Keys that the values belong to.</param>
/// <param name="dim">Elements of a value.</param>
/// <param name="allFinite">Whether no value is NaN or infinite.</param>
public readonly unsafe struct PackedValues(byte* data, int count, int dim, bool allFinite)
{
    /// <summary>The packed values.</summary>
    public byte* Data => data;

    /// <summary>Keys that the values belong to.</summary>
    public int Count => count;

    /// <summary>Elements of a value.</summary>
    public int Dim => dim;

    /// <summary>
    /// Whether no value is NaN or infinite. If one is, a key that a row may not see must be left out of the sum, where
    /// otherwise its weight 0 would do.
    /// </summary>
    public bool AllFinite => allFinite;
}
