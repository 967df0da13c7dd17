using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Distributed.Engine.Files.Npy;

/// <summary>The header of an npy file: what the array is, and where its data starts.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Descriptor">Element type as the file writes it.</param>
/// <param name="Shape">Extents, outermost first.</param>
/// <param name="DataStart">First byte of the data.</param>
/// <param name="DataLength">Bytes of data, up to the end of the file.</param>
internal sealed record NpyHeader(
    FileElementType Type, string Descriptor, long[] Shape, int DataStart, long DataLength)
{
    /// <summary>The most bytes a header is looked for in; a plain array's takes about a hundred.</summary>
    public const int PrefixLimit = 1 << 20;

    private const int ShortestPrefix = 10;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Whether a file begins as every npy file does.</summary>
    public static bool HasMagic(MappedFile file) =>
        file.Length >= Magic.Length && file.Bytes(0, Magic.Length).SequenceEqual(Magic);

    /// <summary>Reads and checks a header.</summary>
    /// <param name="file">The file's (or the npz member's) name, quoted, for messages.</param>
    /// <param name="prefix">The first bytes: all of them, or <see cref="PrefixLimit"/> if there are more.</param>
    /// <param name="length">Length of the whole file in bytes.</param>
    /// <exception cref="InputException">The header breaks a rule, or does not fit the file's length.</exception>
    public static NpyHeader Read(string file, ReadOnlySpan<byte> prefix, long length)
    {
        if (!prefix.StartsWith(Magic))
            throw new InputException($"{file} is no npy file: it does not begin with \\x93NUMPY.");
        if (prefix.Length < ShortestPrefix)
            throw new InputException($"{file} is {length} bytes long, too short for an npy header: it is cut off.");
        (byte major, byte minor) = (prefix[6], prefix[7]);
        if (major is < 1 or > 3 || minor != 0)
            throw new InputException($"{file} has the npy format version {major}.{minor}, where 1.0, 2.0 or 3.0 is expected.");
        int start = major == 1 ? ShortestPrefix : ShortestPrefix + 2;
        if (prefix.Length < start)
            throw new InputException($"{file} is {length} bytes long, too short for an npy header: it is cut off.");
        uint claimed = major == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
        if (claimed > PrefixLimit - start)
        {
            throw new InputException(
                $"{file} claims a header of {claimed} bytes, over the limit of {PrefixLimit - start}: a plain array's takes about a hundred.");
        }
        if (claimed > prefix.Length - start)
        {
            throw new InputException(
                $"{file} claims a header of {claimed} bytes but only {prefix.Length - start} follow: it is cut off.");
        }
        int dataStart = start + (int)claimed;
        string text = Decode(file, major, prefix[start..dataStart]);
        (FileElementType type, string descriptor, long[] shape) = NpyDescription.Parse(file, text);
        CheckLength(file, type, descriptor, shape, length - dataStart);
        return new NpyHeader(type, descriptor, shape, dataStart, length - dataStart);
    }

    private static string Decode(string file, byte major, ReadOnlySpan<byte> header)
    {
        if (major < 3)
            return Encoding.Latin1.GetString(header);
        return Utf8.IsValid(header)
            ? Encoding.UTF8.GetString(header)
            : throw new InputException($"{file} has a version 3.0 header that is not UTF-8.");
    }

    private static void CheckLength(string file, FileElementType type, string descriptor, long[] shape, long length)
    {
        string text = TensorShape.Text(shape);
        if (!TensorShape.TryBitLength(shape, type, out long bits))
            throw new InputException($"{file} has the shape {text}, whose size in bits does not fit in 63 bits.");
        long expected = bits / 8;
        if (length < expected)
        {
            throw new InputException(
                $"{file} holds {length} bytes of data, but {Quoted.Name(descriptor)} of shape {text} takes {expected}: it is cut off.");
        }
        if (length > expected)
        {
            throw new InputException(
                $"{file} holds {length} bytes of data, but {Quoted.Name(descriptor)} of shape {text} takes only {expected}.");
        }
    }
}
