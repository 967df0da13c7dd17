namespace Distributed.Engine.Files.Npy;

/// <summary>Understands the dictionary of an npy header; see numpy.lib.format for its rules.</summary>
internal static class NpyDescription
{
    /// <summary>Parses <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }</c>, keys in any order.</summary>
    /// <exception cref="InputException">It breaks a rule, or describes an array this project does not read.</exception>
    public static (FileElementType Type, string Descriptor, long[] Shape) Parse(string file, string header)
    {
        object? value;
        try
        {
            value = PythonLiteral.Parse(header);
        }
        catch (FormatException e)
        {
            throw new InputException($"{file} has a header that is no Python literal: {e.Message}.", e);
        }
        if (value is not List<KeyValuePair<string, object?>> pairs)
            throw new InputException($"{file} has a header that is no dictionary.");
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string key, object? field) in pairs)
        {
            if (key is not ("descr" or "fortran_order" or "shape"))
            {
                throw new InputException(
                    $"{file} has a header with the unknown key {Quoted.Name(key)}, where only descr, fortran_order and shape may stand.");
            }
            if (!fields.TryAdd(key, field))
                throw new InputException($"{file} has a header with the key '{key}' twice.");
        }
        (FileElementType type, string descriptor) = Descriptor(file, Field(file, fields, "descr"));
        CheckOrder(file, Field(file, fields, "fortran_order"));
        return (type, descriptor, Shape(file, Field(file, fields, "shape")));
    }

    private static object? Field(string file, Dictionary<string, object?> fields, string key) =>
        fields.TryGetValue(key, out object? value)
            ? value
            : throw new InputException($"{file} has a header without the key '{key}'.");

    private static (FileElementType Type, string Descriptor) Descriptor(string file, object? value)
    {
        if (value is object?[] or List<object?>)
            throw new InputException($"{file} holds a structured array, where a plain array of numbers is expected.");
        if (value is not string { Length: >= 2 } text)
            throw new InputException($"{file} has a header whose 'descr' is no type like '<f4'.");
        string name = Quoted.Name(text);
        (char order, string kind) = (text[0], text[1..]);
        if (kind[0] == 'O')
            throw new InputException($"{file} holds Python objects (dtype {name}), where a plain array of numbers is expected.");
        if (kind == "V2")
        {
            throw new InputException(
                $"{file} has the dtype {name}, which may be bfloat16 but does not say so: save such a tensor as safetensors.");
        }
        if (!FileElementTypes.TryFromNpy(kind, out FileElementType type) || order is not ('<' or '>' or '|'))
        {
            throw new InputException(
                $"{file} has the dtype {name}, which is not read here: the float types are '<f4' and '<f2'.");
        }
        bool oneByte = type.SizeInBits() == 8;
        if (order == '>' && !oneByte)
            throw new InputException($"{file} is big-endian (dtype {name}): save it with a.astype('<{kind}') instead.");
        if (order == '|' && !oneByte)
            throw new InputException($"{file} has the dtype {name}, which does not say its byte order: '<{kind}' is expected.");
        return (type, text);
    }

    private static void CheckOrder(string file, object? value)
    {
        if (value is not bool fortran)
            throw new InputException($"{file} has a header whose 'fortran_order' is neither True nor False.");
        if (fortran)
        {
            throw new InputException(
                $"{file} is in Fortran order (fortran_order True): save it with np.ascontiguousarray(a) instead.");
        }
    }

    private static long[] Shape(string file, object? value)
    {
        if (value is not object?[] extents)
            throw new InputException($"{file} has a header whose 'shape' is no tuple.");
        var shape = new long[extents.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            if (extents[i] is not Int128 extent)
                throw new InputException($"{file} has a header whose 'shape' has an entry that is no whole number.");
            if (extent < 0 || extent > long.MaxValue)
            {
                throw new InputException(
                    $"{file} has a header whose 'shape' has the entry {extent}, where 0 to {long.MaxValue} is expected.");
            }
            shape[i] = (long)extent;
        }
        return shape;
    }
}
