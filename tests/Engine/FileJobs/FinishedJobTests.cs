using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Tests.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.FileJobs;

public sealed class FinishedJobTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Inputs_in_the_output_s_folder_are_named_from_there_and_move_with_it()
    {
        FileJobSpecification job = Job("here/inputs/in.safetensors", "here/out.safetensors");
        Run(job);
        Directory.Move(_folder.File("here"), _folder.File("there"));

        using TensorFile output = TensorFile.Open(_folder.File("there/out.safetensors"));

        Assert.DoesNotContain(_folder.Path, output.Metadata[FinishedJob.MetadataKey], StringComparison.Ordinal);
        Assert.Equal(_folder.File("there/inputs/in.safetensors"), FinishedJob.Of(output).Inputs.Together);
    }

    [Fact]
    public void Inputs_elsewhere_are_found_where_they_were_or_beside_the_output()
    {
        FileJobSpecification job = Job("in.safetensors", "here/out.safetensors");
        Run(job);
        using TensorFile output = TensorFile.Open(job.Output);
        Assert.Equal(job.Inputs.Together, FinishedJob.Of(output).Inputs.Together);

        File.Move(job.Inputs.Together!, _folder.File("here/in.safetensors"));
        Assert.Equal(_folder.File("here/in.safetensors"), FinishedJob.Of(output).Inputs.Together);

        File.Delete(_folder.File("here/in.safetensors"));
        Assert.Contains("neither there nor beside it", Assert.Throws<InputException>(() => FinishedJob.Of(output)).Message, StringComparison.Ordinal);
    }

    private static void Run(FileJobSpecification job)
    {
        using JobFiles files = JobFiles.Open(job);
        TensorFileWriter writer = TensorFileWriter.Create(
            job.Output, [new TensorSpec("lse", ElementType.F32, 1)], FinishedJob.MetadataOf(job), job.Inputs.All);
        using (writer)
            writer.Commit();
    }

    private FileJobSpecification Job(string input, string output)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(input))!);
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(output))!);
        using TensorFileWriter writer = TensorFileWriter.Create(
            _folder.File(input), [.. new[] { "q", "k", "v" }.Select(name => new TensorSpec(name, ElementType.F32, 1, 1, 4, 8))]);
        writer.Commit();
        return new FileJobSpecification { Inputs = TensorPaths.InOneFile(_folder.File(input)), Output = _folder.File(output), WithLogSumExp = true };
    }
}
