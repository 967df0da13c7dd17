namespace Distributed.Engine.Jobs;

/// <summary>Positions of rows: one list for all batch entries, or one for each.</summary>
/// <param name="Positions">They, batch entry after batch entry.</param>
/// <param name="Rows">Rows of a batch entry.</param>
public sealed record PositionTensor(IReadOnlyList<long> Positions, long Rows)
{
    /// <summary>The position of a row.</summary>
    public long At(int batch, long row) => Positions[(int)(Positions.Count == Rows ? row : batch * Rows + row)];

    internal void ValidateFor(string name, int batch, long rows)
    {
        if (Rows != rows || (Positions.Count != rows && Positions.Count != batch * rows))
            throw new InputException($"Tensor '{name}' has {Positions.Count} positions in rows of {Rows}; [{rows}] or [{batch}, {rows}] is expected.");
        if (Positions.FirstOrDefault(position => Math.Abs(Math.Max(position, -long.MaxValue)) > CausalAlignment.MaxOffset) is not 0 and var wrong)
            throw new InputException($"Tensor '{name}' holds position {wrong}, which is out of range.");
    }
}
