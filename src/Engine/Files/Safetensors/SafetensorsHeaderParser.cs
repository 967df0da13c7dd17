using System.Text;
using System.Text.Json;

namespace Distributed.Engine.Files.Safetensors;

/// <summary>
/// Reads the JSON header token by token: repeated keys are seen (a document model would keep the last), and nothing is
/// built for what a header should not hold.
/// </summary>
internal ref struct SafetensorsHeaderParser
{
    private readonly string _file;
    private Utf8JsonReader _json;

    private SafetensorsHeaderParser(string file, ReadOnlySpan<byte> json)
    {
        _file = file;
        _json = new Utf8JsonReader(json);
    }

    /// <summary>Parses a header whose bytes are UTF-8 and begin with '{'.</summary>
    /// <param name="file">The file's name, quoted, for messages.</param>
    /// <param name="json">The header with its padding.</param>
    /// <exception cref="InputException">The header breaks a rule.</exception>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> json)
    {
        var parser = new SafetensorsHeaderParser(file, json.TrimEnd((byte)' '));
        try
        {
            return parser.Header();
        }
        catch (JsonException e)
        {
            throw new InputException(
                $"{file} has a header that is not valid JSON, seen at its byte {parser._json.BytesConsumed}.", e);
        }
    }

    private SafetensorsHeader Header()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var tensors = new List<SafetensorsEntry>();
        Dictionary<string, string> metadata = [];
        _json.Read();
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text();
            if (!seen.Add(name))
                throw Fault($"holds {Quoted.Name(name)} twice");
            _json.Read();
            if (name == SafetensorsHeader.MetadataKey)
                metadata = Metadata();
            else
                tensors.Add(Tensor(name));
        }
        // The reader itself reports what follows the closing brace.
        while (_json.Read())
        {
        }
        tensors.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        return new SafetensorsHeader(tensors, metadata);
    }

    private Dictionary<string, string> Metadata()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
            throw Fault("has a __metadata__ that is no object of strings");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text();
            _json.Read();
            if (_json.TokenType != JsonTokenType.String)
                throw Fault($"has a __metadata__ entry {Quoted.Name(key)} whose value is no string");
            if (!metadata.TryAdd(key, Text()))
                throw Fault($"has the __metadata__ entry {Quoted.Name(key)} twice");
        }
        return metadata;
    }

    private SafetensorsEntry Tensor(string name)
    {
        if (_json.TokenType != JsonTokenType.StartObject)
            throw Fault($"describes tensor {Quoted.Name(name)} by something that is no object");
        string? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string field = Text();
            _json.Read();
            switch (field)
            {
                case "dtype" when dtype is null:
                    dtype = DType(name);
                    break;
                case "shape" when shape is null:
                    shape = Numbers(name, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = Numbers(name, field);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Fault($"gives tensor {Quoted.Name(name)} the field '{field}' twice");
                default:
                    throw Fault(
                        $"gives tensor {Quoted.Name(name)} the unknown field {Quoted.Name(field)}, where only dtype, shape and data_offsets may stand");
            }
        }
        return Entry(
            name,
            dtype ?? throw Missing(name, "dtype"),
            shape ?? throw Missing(name, "shape"),
            offsets ?? throw Missing(name, "data_offsets"));
    }

    private readonly SafetensorsEntry Entry(string name, string dtype, long[] shape, long[] offsets)
    {
        string tensor = Quoted.Name(name);
        if (!FileElementTypes.TryFromSafetensors(dtype, out FileElementType type))
            throw Fault($"gives tensor {tensor} the dtype {Quoted.Name(dtype)}, which the format does not know");
        if (offsets.Length != 2)
            throw Fault($"gives tensor {tensor} {offsets.Length} data_offsets, where begin and end are expected");
        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin > end)
            throw Fault($"gives tensor {tensor} data that begins at byte {begin} and ends before, at {end}");
        string text = TensorShape.Text(shape);
        if (!TensorShape.TryBitLength(shape, type, out long bits))
            throw Fault($"gives tensor {tensor} the shape {text}, whose size in bits does not fit in 63 bits");
        if (bits % 8 != 0)
            throw Fault($"gives tensor {tensor} the shape {text}, which does not fill whole bytes as {dtype}");
        if (bits / 8 != end - begin)
        {
            throw Fault(
                $"gives tensor {tensor} {end - begin} bytes of data, but {dtype} of shape {text} takes {bits / 8}");
        }
        return new SafetensorsEntry(new TensorInfo(name, type, dtype, shape, bits / 8), begin, end);
    }

    private string DType(string name) => _json.TokenType == JsonTokenType.String
        ? Text()
        : throw Fault($"gives tensor {Quoted.Name(name)} a dtype that is no string");

    private long[] Numbers(string name, string field)
    {
        if (_json.TokenType != JsonTokenType.StartArray)
            throw Fault($"gives tensor {Quoted.Name(name)} a {field} that is no list");
        var numbers = new List<long>();
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            // A number's text must be digits alone: JSON also writes 4 as 4.0, 4e0 or, near zero, -0.
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long number) || _json.ValueSpan[0] == '-')
            {
                throw Fault(
                    $"gives tensor {Quoted.Name(name)} the {field} entry {Raw()}, where a whole number from 0 to {long.MaxValue} is expected");
            }
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private readonly string Raw() => _json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
        ? $"'{(char)_json.ValueSpan[0]}…'"
        : Quoted.Name(Encoding.UTF8.GetString(_json.ValueSpan));

    private readonly string Text()
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{_file} has a header with a string of half a surrogate pair.", e);
        }
    }

    private readonly InputException Missing(string name, string field) =>
        Fault($"does not give tensor {Quoted.Name(name)} the field '{field}'");

    private readonly InputException Fault(string what) => new($"{_file} {what}.");
}
