using System.Buffers.Binary;
using System.Text;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Tests.Process;

/// <summary>Tensor files for tests.</summary>
internal static class TensorFiles
{
    /// <summary>A safetensors file of random numbers.</summary>
    public static void WriteRandom(string path, params (string Name, ElementType Type, long[] Shape)[] tensors)
    {
        var random = new Random(7);
        using TensorFileWriter writer = TensorFileWriter.Create(
            path, [.. tensors.Select(t => new TensorSpec(t.Name, t.Type, t.Shape))]);
        foreach ((string name, _, long[] shape) in tensors)
        {
            var numbers = new float[shape.Aggregate(1L, (product, extent) => product * extent)];
            foreach (ref float number in numbers.AsSpan())
                number = random.NextSingle() * 2 - 1;
            writer[name].Write(0, numbers);
        }
        writer.Commit();
    }

    /// <summary>A file with q, k and v.</summary>
    public static void WriteJob(
        string path, long[] q, long[] k, long[] v, ElementType type = ElementType.F32) =>
        WriteRandom(path, ("q", type, q), ("k", type, k), ("v", type, v));

    /// <summary>A safetensors file with this header, however wrong, and so many bytes of data.</summary>
    public static void WriteRaw(string path, string header, int dataBytes, long? claimedLength = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, claimedLength ?? json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>All numbers of a tensor.</summary>
    public static float[] Read(string path, string name)
    {
        using TensorFile file = TensorFile.Open(path);
        MappedTensor tensor = file.Map(name);
        var numbers = new float[tensor.Info.ElementCount];
        tensor.ReadF32(0, numbers);
        return numbers;
    }
}
