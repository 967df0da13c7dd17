using System.Globalization;
using Distributed.Engine.Analytics;
using Distributed.Engine.Pictures;

namespace Distributed.Engine.Documents.Output;

/// <summary>Draws <c>attention.png</c>.</summary>
internal static class DocumentPicture
{
    /// <summary>
    /// Draws the matrix with the largest weight of each cell: a repeated passage is one row of thousands, which a mean
    /// would hide.
    /// </summary>
    public static void Write(Stream stream, IReadOnlyList<Passage> passages, PooledMatrix matrix, string name)
    {
        var cells = new float[matrix.Height * matrix.Width];
        for (int row = 0; row < matrix.Height; row++)
        {
            for (int column = 0; column < matrix.Width; column++)
                cells[row * matrix.Width + column] = matrix.Max(row, column);
        }
        int[] lines = passages.Select(passage => passage.Line).ToArray();
        string count = passages.Count.ToString("N0", CultureInfo.InvariantCulture);
        string title = $"{Path.GetFileName(name)}: attention among {count} passages";
        string unit = matrix.RowsPerCell == 1
            ? "weight, mean of heads"
            : $"largest weight of {matrix.RowsPerCell} x {matrix.KeysPerCell}, mean of heads";
        var map = new HeatMap(
            title, cells, matrix.Height, matrix.Width, new LineAxis("line that attends", lines),
            new LineAxis("line attended to", lines), unit);
        PngWriter.Write(map.Draw(), stream, ("Title", title), ("Software", "Distributed"));
    }
}
