namespace Distributed.Engine.Documents.Embedding;

/// <summary>
/// Folds a UTF-16 unit to the form in which texts are compared: lower case, Latin letters without their accents,
/// full-width ASCII narrow, combining accents gone. It has its own table because the runtime normalises nothing when it
/// runs without globalisation data, and the same text must give the same bits with and without them.
/// </summary>
internal static class FoldedLetters
{
    /// <summary>What stands for a combining accent: nothing.</summary>
    public const char None = '\0';

    private const char FirstLatin = '\u00C0';
    private const char FirstLatinAdditional = '\u1E00';

    // U+00C0 to U+017F. A dot = the letter has no plainer form.
    private const string Latin =
        "aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y" +
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.llllll." +
        ".llnnnnnn...oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    // U+1E00 to U+1EFF.
    private const string LatinAdditional =
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" +
        "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
        "wwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" +
        "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

    /// <summary>The folded unit, or <see cref="None"/>.</summary>
    public static char Fold(char c)
    {
        if (c < '\u0080')
            return c is >= 'A' and <= 'Z' ? (char)(c | 0x20) : c;
        if (c is >= '\u0300' and <= '\u036F')
            return None;
        if (c is >= '\uFF01' and <= '\uFF5E')
            return Fold((char)(c - '\uFF01' + '!'));
        if (c is 'Ơ' or 'ơ' or 'Ư' or 'ư')
            return c is 'Ơ' or 'ơ' ? 'o' : 'u';
        int latin = c - FirstLatin, additional = c - FirstLatinAdditional;
        char plain = '.';
        if ((uint)latin < Latin.Length)
            plain = Latin[latin];
        else if ((uint)additional < LatinAdditional.Length)
            plain = LatinAdditional[additional];
        return plain == '.' ? char.ToLowerInvariant(c) : plain;
    }
}
