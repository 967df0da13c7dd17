using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests;

/// <summary>Safetensors files for jobs.</summary>
internal static class TestTensors
{
    /// <summary>q, k and v of one batch entry, with random numbers.</summary>
    public static byte[] Qkv(int heads, int rows, int dim, int seed = 1)
    {
        var random = new Random(seed);
        long bytes = (long)heads * rows * dim * sizeof(float);
        var header = new Dictionary<string, object>();
        foreach ((string name, int i) in new[] { ("q", 0), ("k", 1), ("v", 2) })
            header[name] = new { dtype = "F32", shape = new[] { 1, heads, rows, dim }, data_offsets = new[] { i * bytes, (i + 1) * bytes } };
        byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        using var file = new MemoryStream(checked((int)(sizeof(long) + json.Length + 3 * bytes)));
        file.Write(BitConverter.GetBytes((long)json.Length));
        file.Write(json);
        var numbers = new float[heads * rows * dim];
        for (int i = 0; i < 3; i++)
        {
            foreach (ref float number in numbers.AsSpan())
                number = (float)(random.NextDouble() * 4 - 2);
            file.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
        }
        return file.GetBuffer();
    }
}
