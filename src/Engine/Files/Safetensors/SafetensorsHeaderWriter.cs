using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Distributed.Engine.Files.Output;

namespace Distributed.Engine.Files.Safetensors;

/// <summary>Lays out a safetensors file and writes its header.</summary>
internal static class SafetensorsHeaderWriter
{
    // The format asks for 8; a cache line lets aligned vector loads begin at the first tensor.
    private const int Alignment = 64;

    /// <summary>The header's bytes, padded so that the data begins at a multiple of 64, and each tensor's place.</summary>
    public static (byte[] Header, OutputPlacement[] Places) Write(
        IReadOnlyList<TensorSpec> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        // Wide elements first, so that without holes each tensor starts at a multiple of its own element's size.
        TensorInfo[] ordered = tensors
            .OrderByDescending(t => t.Type.SizeInBits())
            .Select(Info)
            .ToArray();
        byte[] json = Json(ordered, metadata);
        int length = (SafetensorsFile.PrefixLength + json.Length + Alignment - 1) / Alignment * Alignment;
        var header = new byte[length];
        BinaryPrimitives.WriteInt64LittleEndian(header, length - SafetensorsFile.PrefixLength);
        header.AsSpan(SafetensorsFile.PrefixLength).Fill((byte)' ');
        json.CopyTo(header, SafetensorsFile.PrefixLength);

        var places = new OutputPlacement[ordered.Length];
        long start = length;
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = new OutputPlacement(ordered[i], start);
            start = places[i].End;
        }
        return (header, places);
    }

    private static TensorInfo Info(TensorSpec tensor)
    {
        TensorShape.TryBitLength(tensor.Shape, tensor.Type, out long bits);
        return new TensorInfo(
            tensor.Name, tensor.Type, tensor.Type.SafetensorsName()!, [.. tensor.Shape], bits / 8);
    }

    private static byte[] Json(TensorInfo[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            foreach ((string key, string value) in metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
        }
        long begin = 0;
        foreach (TensorInfo tensor in tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.DType);
            WriteNumbers(json, "shape", tensor.Shape);
            WriteNumbers(json, "data_offsets", [begin, begin += tensor.ByteLength]);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
