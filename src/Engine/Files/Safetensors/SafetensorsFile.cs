using System.Buffers.Binary;
using System.Text.Unicode;

namespace Distributed.Engine.Files.Safetensors;

/// <summary>A safetensors file: header length, JSON header, data without holes.</summary>
internal sealed class SafetensorsFile : TensorFile
{
    /// <summary>Bytes of the header's length, before the header.</summary>
    public const int PrefixLength = sizeof(ulong);

    /// <summary>Longest header the format allows, in bytes.</summary>
    public const int MaxHeaderLength = 100_000_000;

    private readonly MappedFile _file;
    private readonly SafetensorsHeader _header;
    private readonly Dictionary<string, long> _offsets;

    public SafetensorsFile(MappedFile file)
        : this(file, ReadHeader(file, out long dataStart), dataStart)
    {
    }

    private SafetensorsFile(MappedFile file, SafetensorsHeader header, long dataStart)
        : base(file.Path, header.Tensors.Select(t => t.Info).ToArray())
    {
        _file = file;
        _header = header;
        _offsets = header.Tensors.ToDictionary(t => t.Info.Name, t => dataStart + t.Begin, StringComparer.Ordinal);
    }

    public override IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
    }

    private protected override MappedTensor Map(TensorInfo info) => new(info, _file, _offsets[info.Name]);

    private static SafetensorsHeader ReadHeader(MappedFile file, out long dataStart)
    {
        string name = Quoted.Path(file.Path);
        if (file.Length < PrefixLength)
        {
            throw new InputException(
                $"{name} is {file.Length} bytes long, too short for a safetensors file, which begins with 8 of header length.");
        }
        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, PrefixLength));
        if (claimed > MaxHeaderLength)
        {
            throw new InputException(
                $"{name} claims a header of {claimed} bytes, over the limit of {MaxHeaderLength}: it is no safetensors file.");
        }
        int length = (int)claimed;
        if (length > file.Length - PrefixLength)
        {
            throw new InputException(
                $"{name} claims a header of {length} bytes but only {file.Length - PrefixLength} follow: it is cut off or no safetensors file.");
        }
        ReadOnlySpan<byte> json = file.Bytes(PrefixLength, length);
        if (json.IsEmpty || json[0] != '{')
            throw new InputException($"{name} has a header that does not begin with '{{': it is no safetensors file.");
        if (!Utf8.IsValid(json))
            throw new InputException($"{name} has a header that is not UTF-8.");
        dataStart = PrefixLength + length;
        SafetensorsHeader header = SafetensorsHeaderParser.Parse(name, json);
        SafetensorsLayout.Check(name, header.Tensors, file.Length - dataStart);
        return header;
    }
}
