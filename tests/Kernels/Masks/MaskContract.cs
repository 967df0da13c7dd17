using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Tests.Masks;

/// <summary>What every mask must do: its classes and its words equal its definition, asked key by key.</summary>
public sealed unsafe class MaskContract
{
    private const int Rounds = 60, TilesPerRound = 12;

    public static TheoryData<string> Kinds => [.. MaskCase.Kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Classes_and_words_equal_the_definition(string kind)
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            var random = new Random(seed);
            int rows = random.Next(1, 120), keys = random.Next(1, 300);
            MaskCase of = MaskCase.Kinds[kind](random, rows, keys);
            for (int i = 0; i < TilesPerRound; i++)
                Check(of, RandomTile(random, rows, keys), $"{of.Mask.Description}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_it_says_not_to_depend_on_does_not_change_it(string kind)
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            var random = new Random(seed);
            int rows = random.Next(1, 60), keys = random.Next(1, 90);
            MaskCase of = MaskCase.Kinds[kind](random, rows, keys);
            for (int i = 0; i < rows * keys; i++)
            {
                bool first = of.Sees(0, 0, i / keys, i % keys);
                Assert.True(of.Mask.VariesByBatch || of.Mask.VariesByHead || first == of.Sees(MaskCase.Batch - 1, MaskCase.Heads - 1, i / keys, i % keys),
                    $"{of.Mask.Description}, seed {seed}: it differs between heads or batch entries, but says that it does not.");
            }
        }
    }

    [Fact]
    public void A_rectangle_without_rows_or_keys_is_skipped()
    {
        var random = new Random(1);
        foreach ((string kind, Func<Random, int, int, MaskCase> create) in MaskCase.Kinds.Where(kind => kind.Key != "set"))
        {
            IAttentionMask mask = create(random, 10, 10).Mask;
            Assert.True(mask.Classify(new MaskTile(0, 0, new RowRange(3, 0), new RowRange(0, 5))) == TileClass.Skip, kind);
            Assert.True(mask.Classify(new MaskTile(0, 0, new RowRange(3, 2), new RowRange(5, 0))) == TileClass.Skip, kind);
        }
    }

    private static MaskTile RandomTile(Random random, int rows, int keys)
    {
        int row = random.Next(rows), key = random.Next(keys);
        return new MaskTile(
            random.Next(MaskCase.Batch), random.Next(MaskCase.Heads), new RowRange(row, random.Next(1, rows - row + 1)),
            new RowRange(key, random.Next(1, keys - key + 1)));
    }

    private static void Check(MaskCase of, MaskTile tile, string what)
    {
        int wordsPerRow = MaskWords.WordsFor(tile.Keys.Count), seen = 0;
        var memory = new ulong[tile.Queries.Count * wordsPerRow];
        fixed (ulong* start = memory)
        {
            var words = new MaskWords(start, tile.Queries.Count, tile.Keys.Count);
            words.SetAll();
            of.Mask.Apply(tile, words);
            for (int row = 0; row < tile.Queries.Count; row++)
            {
                for (int key = 0; key < tile.Keys.Count; key++)
                {
                    bool expected = of.Sees(tile.Batch, tile.QueryHead, tile.Queries.Start + row, tile.Keys.Start + key);
                    bool actual = (words.Row(row)[key / 64] >> (key % 64) & 1) != 0;
                    Assert.True(expected == actual,
                        $"{what}: row {tile.Queries.Start + row} {(actual ? "sees" : "does not see")} key {tile.Keys.Start + key} of {tile}.");
                    seen += expected ? 1 : 0;
                }
            }
            Assert.Equal(seen, words.CountSet());
        }
        TileClass must = seen == 0 ? TileClass.Skip : seen == tile.Queries.Count * tile.Keys.Count ? TileClass.Full : TileClass.Partial;
        TileClass says = of.Mask.Classify(tile);
        Assert.True(must == says, $"{what}: {tile} is called {says}, but {seen} of its pairs are seen.");
    }
}
