namespace Distributed.Engine.Pictures;

/// <summary>An attention matrix as a picture: logarithmic colours, axes in line numbers, a bar that explains the colours.</summary>
/// <param name="Title">A line above the picture.</param>
/// <param name="Cells">Values, <c>[Rows, Columns]</c>, row after row.</param>
/// <param name="Rows">Cells down: queries.</param>
/// <param name="Columns">Cells across: keys.</param>
/// <param name="Queries">The axis down.</param>
/// <param name="Keys">The axis across.</param>
/// <param name="Unit">What a value is, beside the colour bar.</param>
public sealed record HeatMap(
    string Title, float[] Cells, int Rows, int Columns, LineAxis Queries, LineAxis Keys, string Unit)
{
    private const int Text = 2, Gap = 12, TickLength = 6;
    private const int SmallestSide = 480;
    private const int Left = 118, Top = 56, Bottom = 84, Right = 150, BarWidth = 22;

    private static readonly Rgb Ink = new(32, 32, 36);

    /// <summary>Draws it. A matrix of few cells is drawn with larger ones.</summary>
    /// <exception cref="InvalidOperationException">There are not as many cells as rows times columns, or none.</exception>
    public Raster Draw()
    {
        if (Rows < 1 || Columns < 1 || Cells.Length != (long)Rows * Columns)
            throw new InvalidOperationException($"{Cells.Length} cells are not {Rows} rows of {Columns}, at least 1 of 1.");
        int zoom = Math.Max(1, (SmallestSide + Math.Max(Rows, Columns) - 1) / Math.Max(Rows, Columns));
        int width = Columns * zoom, height = Rows * zoom;
        var picture = new Raster(
            Left + Math.Max(width, BitmapFont.Width(Title, Text) - Right) + Right, Top + Math.Max(height, SmallestSide / 2) + Bottom);
        LogScale scale = LogScale.For(Cells);
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                Rgb colour = ColourMap.At(scale.Position(Cells[row * Columns + column]));
                picture.Fill(Left + column * zoom, Top + row * zoom, zoom, zoom, colour);
            }
        }
        picture.Frame(Left - 1, Top - 1, width + 2, height + 2, Ink);
        BitmapFont.Draw(picture, Left, (Top - BitmapFont.Height(Text)) / 2, Title, Text, Ink);
        DrawKeyAxis(picture, width, height);
        DrawQueryAxis(picture, height);
        DrawBar(picture, scale, Left + width + 2 * Gap, Math.Max(height, SmallestSide / 2));
        return picture;
    }

    private void DrawKeyAxis(Raster picture, int width, int height)
    {
        int y = Top + height + 1;
        foreach ((int pixel, string label) in Keys.Ticks(width, BitmapFont.Width("000,000", Text) + Gap))
        {
            picture.Fill(Left + pixel, y, 1, TickLength, Ink);
            int x = Math.Max(0, Left + pixel - BitmapFont.Width(label, Text) / 2);
            BitmapFont.Draw(picture, x, y + TickLength + 4, label, Text, Ink);
        }
        int titleAt = Left + Math.Max(0, (width - BitmapFont.Width(Keys.Title, Text)) / 2);
        BitmapFont.Draw(picture, titleAt, y + TickLength + 4 + BitmapFont.Height(Text) + Gap, Keys.Title, Text, Ink);
    }

    private void DrawQueryAxis(Raster picture, int height)
    {
        foreach ((int pixel, string label) in Queries.Ticks(height, BitmapFont.Height(Text) + 2 * Gap))
        {
            picture.Fill(Left - 1 - TickLength, Top + pixel, TickLength, 1, Ink);
            int x = Left - TickLength - 5 - BitmapFont.Width(label, Text);
            BitmapFont.Draw(picture, x, Top + pixel - BitmapFont.Height(Text) / 2, label, Text, Ink);
        }
        int titleAt = Top + (height + BitmapFont.Width(Queries.Title, Text)) / 2;
        BitmapFont.DrawUpwards(picture, 6, titleAt, Queries.Title, Text, Ink);
    }

    private void DrawBar(Raster picture, LogScale scale, int x, int height)
    {
        for (int y = 0; y < height; y++)
            picture.Fill(x, Top + y, BarWidth, 1, ColourMap.At(1 - (y + 0.5) / height));
        picture.Frame(x - 1, Top - 1, BarWidth + 2, height + 2, Ink);
        foreach (int power in scale.Powers)
        {
            int y = Top + (int)((1 - scale.Position(Math.Pow(10, power))) * (height - 1));
            picture.Fill(x + BarWidth + 1, y, TickLength, 1, Ink);
            BitmapFont.Draw(
                picture, x + BarWidth + TickLength + 5, y - BitmapFont.Height(Text) / 2, PowerLabel(power), Text, Ink);
        }
        int titleAt = Top + (height + BitmapFont.Width(Unit, Text)) / 2;
        BitmapFont.DrawUpwards(picture, x + BarWidth + TickLength + 5 + BitmapFont.Width("1e-10", Text) + Gap, titleAt, Unit, Text, Ink);
    }

    private static string PowerLabel(int power) => power == 0 ? "1" : $"1e{power}";
}
