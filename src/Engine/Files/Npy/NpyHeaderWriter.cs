using System.Buffers.Binary;
using System.Text;
using Distributed.Engine.Files.Output;

namespace Distributed.Engine.Files.Npy;

/// <summary>Writes npy headers: version 1.0, or 2.0 where the header is too long for it.</summary>
internal static class NpyHeaderWriter
{
    private const int Alignment = 64;

    /// <summary>The header's bytes, a multiple of 64, and the tensor's place behind it.</summary>
    /// <exception cref="ArgumentException">There is metadata, which npy has no place for.</exception>
    public static (byte[] Header, OutputPlacement[] Places) Write(
        TensorSpec tensor, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is { Count: > 0 })
            throw new ArgumentException("An npy file has no place for metadata.", nameof(metadata));
        // A tuple of one needs its comma.
        string extents = string.Concat(tensor.Shape.Select((extent, i) => i == 0 ? $"{extent}," : $" {extent},"));
        if (tensor.Shape.Length > 1)
            extents = extents.TrimEnd(',');
        string descriptor = tensor.Type.NpyDescriptor()!;
        byte[] header = Header(
            $"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': ({extents}), }}");
        TensorShape.TryBitLength(tensor.Shape, tensor.Type, out long bits);
        var info = new TensorInfo(tensor.Name, tensor.Type, descriptor, [.. tensor.Shape], bits / 8);
        return (header, [new OutputPlacement(info, header.Length)]);
    }

    private static byte[] Header(string dictionary)
    {
        int prefix = Padded(10, dictionary) - 10 <= ushort.MaxValue ? 10 : 12;
        var header = new byte[Padded(prefix, dictionary)];
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];
        magic.CopyTo(header);
        int length = header.Length - prefix;
        if (prefix == 10)
        {
            header[6] = 1;
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)length);
        }
        else
        {
            header[6] = 2;
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), (uint)length);
        }
        header.AsSpan(prefix).Fill((byte)' ');
        Encoding.ASCII.GetBytes(dictionary, header.AsSpan(prefix));
        header[^1] = (byte)'\n';
        return header;
    }

    private static int Padded(int prefix, string dictionary) =>
        (prefix + dictionary.Length + 1 + Alignment - 1) / Alignment * Alignment;
}
