using System.Numerics.Tensors;
using Distributed.Engine.Compute;
using Distributed.Engine.Documents;
using Distributed.Engine.Documents.Embedding;

namespace Distributed.Engine.Tests.Documents.Embedding;

public sealed class PassageEmbeddingTests
{
    private static readonly EmbeddingOptions Defaults = new();

    private static async Task<PassageEmbedding> Embed(string text, int threads = 1, EmbeddingOptions? options = null)
    {
        using var pool = new ComputePool(threads);
        IReadOnlyList<Passage> passages = Passages.Cut(text, PassageUnit.Line, "text");
        return await PassageEmbedding.CreateAsync(
            passages, options ?? Defaults, pool, TestContext.Current.CancellationToken);
    }

    private static double Cosine(PassageEmbedding embedding, int head, int a, int b) =>
        TensorPrimitives.Dot(embedding.Row(head, a), embedding.Row(head, b));

    [Fact]
    public async Task Equal_words_have_equal_vectors_whatever_their_case_accents_and_labels()
    {
        using PassageEmbedding embedding = await Embed(
            "1:1 And the café was open\nnothing in common here\n7:3 AND THE CAFE, was open!\nand so on and so on");
        for (int head = 0; head < embedding.Heads; head++)
            Assert.Equal(embedding.Row(head, 0).ToArray(), embedding.Row(head, 2).ToArray());
    }

    [Fact]
    public async Task Every_vector_has_length_1()
    {
        using PassageEmbedding embedding = await Embed(
            string.Join('\n', new SyntheticBook(seed: 5, passages: 300).Passages) + "\n***\n7\n日本");
        for (int head = 0; head < embedding.Heads; head++)
        {
            for (int passage = 0; passage < embedding.Passages; passage++)
                Assert.Equal(1, TensorPrimitives.Norm(embedding.Row(head, passage)), 1e-6);
        }
    }

    [Fact]
    public async Task A_rare_word_in_common_counts_more_than_a_common_one()
    {
        string common = string.Concat(Enumerable.Range(0, 60).Select(i => $"the {i / 2}x and {i / 3}y\n"));
        using PassageEmbedding embedding = await Embed(common + "the Maher came\nthe Shalal went\nhe saw Maher go\n");
        Assert.True(Cosine(embedding, 0, 60, 62) > Cosine(embedding, 0, 60, 61) + 0.3);
    }

    [Fact]
    public async Task Passages_without_a_feature_in_common_are_nearly_orthogonal()
    {
        using PassageEmbedding embedding = await Embed(
            "alpha beta gamma delta\nalpha beta gamma delta\nquick brown foxes jump\nquick brown foxes jump");
        double mean = Enumerable.Range(0, embedding.Heads).Average(head => Cosine(embedding, head, 0, 2));
        Assert.InRange(mean, -0.25, 0.25);
    }

    [Fact]
    public async Task The_bits_do_not_hang_on_the_number_of_threads()
    {
        string text = string.Join('\n', new SyntheticBook(seed: 3, passages: 700).Passages);
        using PassageEmbedding one = await Embed(text), four = await Embed(text, threads: 4);
        for (int head = 0; head < one.Heads; head++)
        {
            for (int passage = 0; passage < one.Passages; passage++)
                Assert.Equal(one.Row(head, passage), four.Row(head, passage));
        }
    }

    // These bits must never change: a stored embedding is compared with a new one.
    [Fact]
    public async Task The_bits_are_the_documented_ones()
    {
        using PassageEmbedding embedding = await Embed("the first line\nthe second line\nand the first again");
        ulong hash = 0;
        for (int head = 0; head < embedding.Heads; head++)
        {
            for (int passage = 0; passage < embedding.Passages; passage++)
            {
                foreach (float element in embedding.Row(head, passage))
                    hash = FeatureHash.Join(hash, BitConverter.SingleToUInt32Bits(element));
            }
        }
        Assert.Equal(11855531947259740143UL, hash);
    }

    [Theory]
    [InlineData(0, 128)]
    [InlineData(65, 128)]
    [InlineData(4, 0)]
    [InlineData(4, 126)]
    [InlineData(4, 8192)]
    public async Task A_shape_out_of_range_is_refused(int heads, int headDim) =>
        await Assert.ThrowsAsync<InputException>(
            () => Embed("text", options: new EmbeddingOptions { Heads = heads, HeadDim = headDim }));
}
