namespace Distributed.Engine.Pictures;

/// <summary>Text in letters of 5 × 7 dots, for labels. Characters other than printable ASCII come out as a box.</summary>
public static class BitmapFont
{
    private const int Columns = 5, Rows = 7, Advance = Columns + 1;

    /// <summary>Pixels across that a text takes.</summary>
    public static int Width(string text, int scale) => text.Length * Advance * scale - scale;

    /// <summary>Pixels down that a line of text takes.</summary>
    public static int Height(int scale) => Rows * scale;

    /// <summary>Writes a text; (x, y) is its top left corner.</summary>
    /// <param name="to">The picture.</param>
    /// <param name="x">Pixels from the left.</param>
    /// <param name="y">Pixels from the top.</param>
    /// <param name="text">One line.</param>
    /// <param name="scale">Pixels a dot takes, across and down.</param>
    /// <param name="colour">Colour of the letters.</param>
    public static void Draw(Raster to, int x, int y, string text, int scale, Rgb colour) =>
        Dots(text, (column, row) => to.Fill(x + column * scale, y + row * scale, scale, scale, colour));

    /// <summary>Writes a text that reads upwards; (x, y) is its bottom left corner.</summary>
    /// <param name="to">The picture.</param>
    /// <param name="x">Pixels from the left.</param>
    /// <param name="y">Pixels from the top.</param>
    /// <param name="text">One line.</param>
    /// <param name="scale">Pixels a dot takes, across and down.</param>
    /// <param name="colour">Colour of the letters.</param>
    public static void DrawUpwards(Raster to, int x, int y, string text, int scale, Rgb colour) =>
        Dots(text, (column, row) => to.Fill(x + row * scale, y - (column + 1) * scale, scale, scale, colour));

    private static void Dots(string text, Action<int, int> dot)
    {
        for (int i = 0; i < text.Length; i++)
        {
            ulong glyph = text[i] is > ' ' and <= '~' ? Glyphs[text[i] - '!'] : text[i] == ' ' ? 0 : 0x7F_41_41_41_7FUL;
            for (int column = 0; column < Columns; column++)
            {
                for (int row = 0; row < Rows; row++)
                {
                    if ((glyph >> (8 * (Columns - 1 - column) + row) & 1) != 0)
                        dot(i * Advance + column, row);
                }
            }
        }
    }

    // From '!' to '~'. A byte a column, the left one highest; bit 0 is the top dot.
    private static readonly ulong[] Glyphs =
    [
        0x00005F0000, 0x0007000700, 0x147F147F14, 0x242A7F2A12, 0x2313086462, 0x3649552250, 0x0005030000, // ! " # $ % & '
        0x001C224100, 0x0041221C00, 0x14083E0814, 0x08083E0808, 0x0050300000, 0x0808080808, 0x0060600000, // ( ) * + , - .
        0x2010080402, 0x3E5149453E, 0x00427F4000, 0x4261514946, 0x2141454B31, 0x1814127F10, 0x2745454539, // / 0 1 2 3 4 5
        0x3C4A494930, 0x0171090503, 0x3649494936, 0x064949291E, 0x0036360000, 0x0056360000, 0x0814224100, // 6 7 8 9 : ; <
        0x1414141414, 0x0041221408, 0x0201510906, 0x324979413E, 0x7E1111117E, 0x7F49494936, 0x3E41414122, // = > ? @ A B C
        0x7F4141221C, 0x7F49494941, 0x7F09090901, 0x3E4149497A, 0x7F0808087F, 0x00417F4100, 0x2040413F01, // D E F G H I J
        0x7F08142241, 0x7F40404040, 0x7F020C027F, 0x7F0408107F, 0x3E4141413E, 0x7F09090906, 0x3E4151215E, // K L M N O P Q
        0x7F09192946, 0x4649494931, 0x01017F0101, 0x3F4040403F, 0x1F2040201F, 0x3F4038403F, 0x6314081463, // R S T U V W X
        0x0708700807, 0x6151494543, 0x007F414100, 0x0204081020, 0x0041417F00, 0x0402010204, 0x4040404040, // Y Z [ \ ] ^ _
        0x0001020400, 0x2054545478, 0x7F48444438, 0x3844444420, 0x384444487F, 0x3854545418, 0x087E090102, // ` a b c d e f
        0x0C5252523E, 0x7F08040478, 0x00447D4000, 0x2040443D00, 0x7F10284400, 0x00417F4000, 0x7C04180478, // g h i j k l m
        0x7C08040478, 0x3844444438, 0x7C14141408, 0x081414187C, 0x7C08040408, 0x4854545420, 0x043F444020, // n o p q r s t
        0x3C4040207C, 0x1C2040201C, 0x3C4030403C, 0x4428102844, 0x0C5050503C, 0x4464544C44, 0x0008364100, // u v w x y z {
        0x00007F0000, 0x0041360800, 0x0804080408, // | } ~
    ];
}
