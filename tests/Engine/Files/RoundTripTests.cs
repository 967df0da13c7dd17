using System.Runtime.InteropServices;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Files;

public class RoundTripTests
{
    public static TheoryData<int> Seeds => new(Enumerable.Range(1, 25));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Safetensors_gives_back_every_tensor_it_was_given(int seed)
    {
        var random = new Random(seed);
        using var folder = new TempFolder();
        string path = folder.File("t.safetensors");
        TensorSpec[] specs = Enumerable.Range(0, random.Next(1, 6))
            .Select(i => new TensorSpec($"t{i}\"é\n", RandomType(random), RandomShape(random))).ToArray();
        Dictionary<string, float[]> values = specs.ToDictionary(s => s.Name, s => RandomValues(random, s));
        var metadata = new Dictionary<string, string> { ["made by"] = "a test", ["é\u0001"] = "" };

        using (var writer = TensorFileWriter.Create(path, specs, metadata))
        {
            foreach (TensorSpec spec in specs)
                writer[spec.Name].Write(0, values[spec.Name]);
            writer.Commit();
        }

        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(metadata, file.Metadata);
        Assert.Equal(specs.Select(s => s.Name).Order(), file.Tensors.Select(t => t.Name).Order());
        foreach (TensorSpec spec in specs)
            AssertSame(spec, values[spec.Name], file.Map(spec.Name));
        Assert.All(file.Tensors, t => Assert.Equal(0, file.Map(t.Name).Start % (t.Type.SizeInBits() / 8)));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Npy_gives_back_the_tensor_it_was_given(int seed)
    {
        var random = new Random(seed);
        using var folder = new TempFolder();
        string path = folder.File("o.npy");
        var spec = new TensorSpec("o", random.Next(2) == 0 ? FileElementType.F32 : FileElementType.F16, RandomShape(random));
        float[] values = RandomValues(random, spec);

        using (var writer = TensorFileWriter.Create(path, [spec]))
        {
            writer["o"].Write(0, values);
            writer.Commit();
        }

        using TensorFile file = TensorFile.Open(path);
        MappedTensor tensor = file.Map("o");
        AssertSame(spec, values, tensor);
        Assert.Equal(0, tensor.Start % 64);
    }

    [Fact]
    public void A_safetensors_file_starts_its_data_at_a_multiple_of_64()
    {
        using var folder = new TempFolder();
        for (int nameLength = 1; nameLength < 70; nameLength++)
        {
            string path = folder.File("a.safetensors");
            string name = new('n', nameLength);
            using (var writer = TensorFileWriter.Create(path, [new TensorSpec(name, FileElementType.F32, 1)]))
                writer.Commit();
            Assert.Equal(4, new FileInfo(path).Length % 64);
            using TensorFile file = TensorFile.Open(path);
            Assert.Equal(0, file.Map(name).Start % 64);
        }
    }

    [Fact]
    public void An_npy_header_too_long_for_version_1_is_written_as_version_2()
    {
        using var folder = new TempFolder();
        long[] shape = Enumerable.Repeat(1L, 30_000).ToArray();
        string path = folder.File("o.npy");
        using (var writer = TensorFileWriter.Create(path, [new TensorSpec("o", FileElementType.F32, shape)]))
        {
            writer["o"].Write(0, [3f]);
            writer.Commit();
        }
        Assert.Equal(2, File.ReadAllBytes(path)[6]);
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(shape, file.Tensors[0].Shape);
        Assert.Equal([3f], Read(file.Map("o")));
    }

    [Fact]
    public void Whole_numbers_are_written_and_read_back()
    {
        using var folder = new TempFolder();
        string path = folder.File("lines.safetensors");
        long[] lines = [0, 1, -1, long.MaxValue, long.MinValue];
        using (var writer = TensorFileWriter.Create(path, [new TensorSpec("lines", FileElementType.I64, 5)]))
        {
            writer["lines"].Write(0, lines);
            writer.Commit();
        }
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(lines, file.Map("lines").ReadI64());
    }

    [Fact]
    public void What_was_not_written_is_zero()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.safetensors");
        using (var writer = TensorFileWriter.Create(path, [new TensorSpec("o", ElementType.F32, 4, 2)]))
        {
            writer["o"].WriteRows(2, [1f, 2f]);
            writer.Commit();
        }
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal([0f, 0f, 0f, 0f, 1f, 2f, 0f, 0f], Read(file.Map("o")));
    }

    private static FileElementType RandomType(Random random) =>
        random.Next(3) switch { 0 => FileElementType.F32, 1 => FileElementType.F16, _ => FileElementType.BF16 };

    private static long[] RandomShape(Random random) =>
        Enumerable.Range(0, random.Next(0, 5)).Select(_ => (long)random.Next(0, 6)).ToArray();

    private static float[] RandomValues(Random random, TensorSpec spec) =>
        Enumerable.Range(0, (int)spec.Shape.Aggregate(1L, (a, b) => a * b))
            .Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-20, 20)))).ToArray();

    private static void AssertSame(TensorSpec spec, float[] values, MappedTensor tensor)
    {
        Assert.Equal(spec.Shape, tensor.Info.Shape);
        Assert.Equal(spec.Type, tensor.Info.Type);
        float[] expected = values.Select(v => spec.Type switch
        {
            FileElementType.F32 => v,
            FileElementType.F16 => (float)(Half)v,
            _ => Exact.RoundToBFloat16(v),
        }).ToArray();
        Assert.Equal(expected, Read(tensor));
        Assert.Equal(tensor.Info.ByteLength, MemoryMarshal.AsBytes(expected.AsSpan()).Length * spec.Type.SizeInBits() / 32);
    }

    private static float[] Read(MappedTensor tensor)
    {
        var values = new float[tensor.Info.ElementCount];
        tensor.ReadF32(0, values);
        return values;
    }
}
