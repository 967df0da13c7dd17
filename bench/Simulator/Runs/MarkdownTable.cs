namespace Distributed.Simulator.Runs;

/// <summary>A table as it stands in the documentation.</summary>
/// <param name="heads">What the columns hold.</param>
internal sealed class MarkdownTable(params IReadOnlyList<string> heads)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    /// <summary>Adds a row.</summary>
    public void Add(params IReadOnlyList<string> cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Count, heads.Count);
        _rows.Add(cells);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(
        '\n', [Row(heads), Row([.. heads.Select(_ => "---")]), .. _rows.Select(Row)]);

    private static string Row(IReadOnlyList<string> cells) => $"| {string.Join(" | ", cells)} |";
}
