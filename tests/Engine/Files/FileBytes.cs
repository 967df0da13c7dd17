using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Distributed.Engine.Tests.Files;

/// <summary>Files made byte by byte, right or wrong.</summary>
internal static class FileBytes
{
    /// <summary>A safetensors file of this header and as many data bytes, counting up from 0.</summary>
    public static byte[] Safetensors(string json, int dataLength) =>
        Safetensors(Encoding.UTF8.GetBytes(json), Counting(dataLength));

    public static byte[] Safetensors(byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    /// <summary>An npy file of this header text, as it is, and data counting up from 0.</summary>
    public static byte[] Npy(string header, int dataLength, byte major = 1, byte minor = 0) =>
        Npy(Encoding.Latin1.GetBytes(header), Counting(dataLength), major, minor);

    public static byte[] Npy(byte[] header, byte[] data, byte major = 1, byte minor = 0)
    {
        var length = new byte[major == 1 ? 2 : 4];
        if (major == 1)
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        else
            BinaryPrimitives.WriteInt32LittleEndian(length, header.Length);
        return [0x93, .. "NUMPY"u8, major, minor, .. length, .. header, .. data];
    }

    /// <summary>A plain F32 array as npy.</summary>
    public static byte[] Npy(params float[] values)
    {
        var data = new byte[4 * values.Length];
        Buffer.BlockCopy(values, 0, data, 0, data.Length);
        return Npy(
            Encoding.Latin1.GetBytes($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({values.Length},), }}\n"), data);
    }

    /// <summary>A zip archive of these members.</summary>
    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] members)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in members)
            {
                using Stream member = zip.CreateEntry(name, level).Open();
                member.Write(content);
            }
        }
        return bytes.ToArray();
    }

    public static byte[] Counting(int length)
    {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)i;
        return bytes;
    }
}
