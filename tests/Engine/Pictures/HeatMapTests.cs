using Distributed.Engine.Pictures;

namespace Distributed.Engine.Tests.Pictures;

public class HeatMapTests
{
    private static readonly int[] Lines = [.. Enumerable.Range(1, 31_000)];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1000, 1024)]
    public void A_larger_value_has_a_lighter_pixel(int rows, int columns)
    {
        float[] cells = [.. Enumerable.Range(0, rows * columns).Select(i => 1e-6f)];
        cells[^1] = 0.5f;

        Raster picture = Map(cells, rows, columns).Draw();

        Assert.InRange(picture.Height, rows, rows + 800);
        Rgb lightest = ColourMap.At(LogScale.For(cells).Position(0.5f));
        Assert.Contains(
            Enumerable.Range(0, picture.Width * picture.Height),
            i => picture[i % picture.Width, i / picture.Width] == lightest && i % picture.Width < picture.Width - 150);
    }

    [Fact]
    public void Cells_without_a_value_are_drawn_dark() =>
        Assert.Equal(ColourMap.At(0), Map(new float[100], 10, 10).Draw()[300, 200]);

    [Fact]
    public void Cells_that_are_not_rows_times_columns_are_refused() =>
        Assert.Throws<InvalidOperationException>(() => Map(new float[5], 2, 2).Draw());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    [InlineData(31_000)]
    public void Tick_labels_never_collide(int passages)
    {
        var axis = new LineAxis("line", Lines[..passages]);

        (int Pixel, string Label)[] ticks = [.. axis.Ticks(900, 96)];

        Assert.NotEmpty(ticks);
        for (int i = 1; i < ticks.Length; i++)
            Assert.InRange(ticks[i].Pixel - ticks[i - 1].Pixel, 96, 900);
    }

    [Fact]
    public void A_tick_stands_at_the_passage_of_its_line()
    {
        var axis = new LineAxis("line", [.. Enumerable.Range(0, 500).Select(i => 1 + 2 * i)]);

        (int pixel, _) = axis.Ticks(500, 50).Single(tick => tick.Label == "500");

        Assert.Equal(250, pixel);
    }

    [Theory]
    [InlineData(new[] { 0f, 0f }, -1, 0)]
    [InlineData(new[] { 0.01f, 0.5f }, -2, 0)]
    [InlineData(new[] { 1e-20f, 0.05f, float.NaN }, -7, -1)]
    [InlineData(new[] { 3f }, 0, 1)]
    [InlineData(new[] { 0f, 1e-9f, 0.001f, 0.001f, 0.001f, 0.9f }, -3, 0)]
    public void The_scale_ends_at_a_power_of_ten_and_begins_at_the_ground(float[] values, double lowest, int highest)
    {
        LogScale scale = LogScale.For(values);
        Assert.Equal(highest, scale.HighestPower);
        Assert.Equal(lowest, scale.Lowest, 1e-6);
        Assert.Equal(0, scale.Position(Math.Pow(10, lowest)), 1e-6);
        Assert.Equal(1, scale.Position(Math.Pow(10, highest)), 1e-6);
    }

    [Fact]
    public void The_bar_names_the_powers_of_ten_on_it() => Assert.Equal([-2, -1, 0], new LogScale(-2.7, 0).Powers);

    [Fact]
    public void Lightness_grows_along_the_colour_map()
    {
        double last = -1;
        for (int i = 0; i <= 100; i++)
        {
            Rgb c = ColourMap.At(i / 100.0);
            double lightness = 0.2126 * c.R + 0.7152 * c.G + 0.0722 * c.B;
            Assert.True(lightness > last, $"At {i} % the colour is not lighter than before.");
            last = lightness;
        }
    }

    private static HeatMap Map(float[] cells, int rows, int columns) => new(
        "A title", cells, rows, columns, new LineAxis("query line", Lines), new LineAxis("key line", Lines), "weight");
}
