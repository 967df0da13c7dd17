namespace Distributed.Engine.Tests.Documents;

/// <summary>
/// A book made of a seed: words by Zipf's law, passages of 6 to 40 words, and parallels planted far apart, some word for
/// word and some edited.
/// </summary>
internal sealed class SyntheticBook
{
    private const int Vocabulary = 9000;

    private readonly Random _random;
    private readonly string[] _words;
    private readonly double[] _cumulative;

    /// <summary>Writes the book.</summary>
    public SyntheticBook(int seed, int passages, int verbatim = 0, int edited = 0)
    {
        _random = new Random(seed);
        _words = Enumerable.Range(0, Vocabulary).Select(_ => Word()).ToArray();
        _cumulative = new double[Vocabulary];
        double sum = 0;
        for (int rank = 0; rank < Vocabulary; rank++)
            _cumulative[rank] = sum += 1.0 / (rank + 2.7);
        Passages = Enumerable.Range(0, passages).Select(_ => string.Join(' ', Passage())).ToArray();
        Plant(verbatim, edited);
    }

    /// <summary>The passages, in order.</summary>
    public string[] Passages { get; }

    /// <summary>The planted parallels.</summary>
    public List<(int Original, int Repeat, bool Edited)> Parallels { get; } = [];

    private void Plant(int verbatim, int edited)
    {
        int half = Passages.Length / 2;
        int[] from = Enumerable.Range(0, half).ToArray(), to = Enumerable.Range(half, half).ToArray();
        _random.Shuffle(from);
        _random.Shuffle(to);
        for (int i = 0; i < verbatim + edited; i++)
        {
            bool edit = i >= verbatim;
            Passages[to[i]] = edit ? Edit(Passages[from[i]]) : Passages[from[i]];
            Parallels.Add((from[i], to[i], edit));
        }
    }

    // One word in six is replaced, dropped, or followed by a new one.
    private string Edit(string passage)
    {
        var words = new List<string>();
        foreach (string word in passage.Split(' '))
        {
            switch (_random.Next(18))
            {
                case 0:
                    words.Add(Pick());
                    break;
                case 1:
                    break;
                case 2:
                    words.Add(word);
                    words.Add(Pick());
                    break;
                default:
                    words.Add(word);
                    break;
            }
        }
        return string.Join(' ', words.Count > 0 ? words : [Pick()]);
    }

    private string[] Passage() => Enumerable.Range(0, _random.Next(6, 41)).Select(_ => Pick()).ToArray();

    private string Pick()
    {
        int rank = Array.BinarySearch(_cumulative, _random.NextDouble() * _cumulative[^1]);
        return _words[rank < 0 ? ~rank : rank];
    }

    private string Word()
    {
        const string Consonants = "bdfghklmnprstvz", Vowels = "aeiou";
        return string.Concat(Enumerable.Range(0, _random.Next(1, 4)).Select(
            _ => $"{Consonants[_random.Next(Consonants.Length)]}{Vowels[_random.Next(Vowels.Length)]}"))
            + (_random.Next(2) == 0 ? "" : Consonants[_random.Next(Consonants.Length)]);
    }
}
