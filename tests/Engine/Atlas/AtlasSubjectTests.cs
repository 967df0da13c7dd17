using Distributed.Engine.Analytics;
using Distributed.Engine.Atlas;
using Distributed.Engine.Documents;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Atlas;

public sealed class AtlasSubjectTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("subject").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_documents_folder_opens_with_its_passages_and_its_strongest_links()
    {
        string text = string.Join('\n', Enumerable.Range(0, 400).Select(i => $"verse {i % 200} of the kings {i % 200 * 7} and \"prophets\" {i % 200 * 13}"));
        DocumentReport report = await DocumentJob.RunTextAsync(text, "book", new DocumentOptions { OutputDirectory = _folder, Threads = 2 });

        using AtlasSubject subject = AtlasSubject.Open(_folder);
        using AttentionAtlas atlas = await subject.CreateAsync(new AtlasOptions { Threads = 2 }, null, default);

        Assert.Equal(report.Passages.Select(passage => new AtlasPassage(passage.Line, passage.Text)), subject.Passages);
        IReadOnlyList<PlacedWeight> strongest = await atlas.StrongestAsync(new AttentionPlane(0, HeadAggregation.Mean), (0, 400), (0, 400), 5, default);
        RowPair first = report.Links[0];
        Assert.Contains(strongest, weight => weight.Weight == first.Weight);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_output_opens_by_what_it_says_of_its_job_and_finds_inputs_beside_it(bool moved)
    {
        FileJobSpecification job = Job(_folder) with { WithLogSumExp = true };
        await FileJob.RunAsync(job);
        string folder = _folder;
        if (moved)
        {
            folder = Directory.CreateDirectory(Path.Combine(_folder, "elsewhere")).FullName;
            File.Move(job.Inputs.Together!, Path.Combine(folder, "in.safetensors"));
            File.Move(job.Output, Path.Combine(folder, "out.safetensors"));
        }

        using AtlasSubject subject = AtlasSubject.Open(Path.Combine(folder, "out.safetensors"));
        using AttentionAtlas atlas = await subject.CreateAsync(new AtlasOptions { Threads = 1 }, null, default);
        float[] first = await atlas.WeightsAsync(new AttentionPlane(0, HeadAggregation.Each, 1), (0, 2), (0, 3), default);

        Assert.Equal([1, 0, 0], first[..3]);
        Assert.Equal(1, first[3] + first[4], 1e-5);
        Assert.Null(subject.Passages);
    }

    [Fact]
    public async Task Without_lse_in_the_output_it_is_worked_out_to_the_same_bits()
    {
        FileJobSpecification job = Job(_folder);
        await FileJob.RunAsync(job);
        FileJobSpecification with = job with { WithLogSumExp = true, Output = Path.Combine(_folder, "with.safetensors") };
        await FileJob.RunAsync(with);

        var plane = new AttentionPlane(0, HeadAggregation.Mean);
        float[][] both = await Task.WhenAll(new[] { job, with }.Select(async one =>
        {
            using AtlasSubject subject = AtlasSubject.Open(one, "job");
            using AttentionAtlas atlas = await subject.CreateAsync(new AtlasOptions { Threads = 2 }, null, default);
            return (await atlas.TileAsync(new AtlasAddress(plane, 0, 0, 0), default)).Max;
        }));

        Assert.Equal(both[0], both[1]);
    }

    [Fact]
    public async Task An_input_that_was_replaced_is_noticed()
    {
        FileJobSpecification job = Job(_folder) with { WithLogSumExp = true };
        await FileJob.RunAsync(job);
        Job(_folder, seed: 4);
        Assert.Contains("was not made from these inputs", Assert.Throws<InputException>(() => AtlasSubject.Open(job.Output)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_says_nothing_of_a_job_is_refused()
    {
        FileJobSpecification job = Job(_folder);
        await FileJob.RunAsync(job);
        Assert.Contains("is no output of attend run", Assert.Throws<InputException>(() => AtlasSubject.Open(job.Output)).Message, StringComparison.Ordinal);
        Assert.Contains("embeddings.safetensors", Assert.Throws<InputException>(() => AtlasSubject.Open(_folder)).Message, StringComparison.Ordinal);
    }

    private static FileJobSpecification Job(string folder, int seed = 3)
    {
        string input = Path.Combine(folder, "in.safetensors");
        using TensorFileWriter writer = TensorFileWriter.Create(
            input, [.. new[] { "q", "k", "v" }.Select(name => new TensorSpec(name, ElementType.F32, 1, 2, 300, 8))]);
        var random = new Random(seed);
        foreach (string name in new[] { "q", "k", "v" })
            writer[name].Write(0, [.. Enumerable.Range(0, 2 * 300 * 8).Select(_ => random.NextSingle() - 0.5f)]);
        writer.Commit();
        return new FileJobSpecification
        {
            Inputs = TensorPaths.InOneFile(input),
            Output = Path.Combine(folder, "out.safetensors"),
            Options = new AttentionOptions { Causal = CausalAlignment.TopLeft, Threads = 2 },
        };
    }
}
