using System.Runtime.Versioning;
using Distributed.Engine.Files;

namespace Distributed.Engine.Tests.Files;

[SupportedOSPlatform("linux")]
public class TensorFileTests
{
    [Fact]
    public void A_missing_file_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("none.safetensors");
        Assert.Equal($"'{path}' does not exist.", Message(path));
        path = folder.File("no/such/none.safetensors");
        Assert.Equal($"'{path}' does not exist.", Message(path));
    }

    [Fact]
    public void A_folder_is_refused()
    {
        using var folder = new TempFolder();
        Assert.Equal($"'{folder.Path}' is a folder, not a tensor file.", Message(folder.Path));
    }

    [Fact]
    public void A_device_is_refused() => Assert.Equal(
        "'/dev/zero' is a device or a pipe: a tensor file must be a regular file.", Message("/dev/zero"));

    [Fact]
    public void A_file_that_may_not_be_read_is_refused()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "this user may read every file");
        using var folder = new TempFolder();
        string path = folder.Write("q.npy", FileBytes.Npy(1f));
        File.SetUnixFileMode(path, UnixFileMode.None);
        Assert.Equal($"'{path}' may not be read by this user.", Message(path));
    }

    [Fact]
    public void A_missing_tensor_is_refused_with_those_there_are()
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors(
            """{"query":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"k":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}""", 2));
        using TensorFile file = TensorFile.Open(path);
        var error = Assert.Throws<InputException>(() => file.Map("q"));
        Assert.Equal($"'{path}' has no tensor 'q': it has 'query', 'k'.", error.Message);
    }

    [Fact]
    public void A_missing_tensor_of_an_empty_file_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors("{}", 0));
        using TensorFile file = TensorFile.Open(path);
        var error = Assert.Throws<InputException>(() => file.Map("q"));
        Assert.Equal($"'{path}' has no tensor 'q': it has none at all.", error.Message);
    }

    [Fact]
    public void Of_many_tensors_a_message_names_eight()
    {
        using var folder = new TempFolder();
        IEnumerable<string> entries = Enumerable.Range(0, 10)
            .Select(i => $$""" "t{{i}}":{"dtype":"U8","shape":[],"data_offsets":[{{i}},{{i + 1}}]}""");
        string path = folder.Write("in.safetensors", FileBytes.Safetensors($"{{{string.Join(',', entries)}}}", 10));
        using TensorFile file = TensorFile.Open(path);
        var error = Assert.Throws<InputException>(() => file.Map("q"));
        Assert.EndsWith("it has 't0', 't1', 't2', 't3', 't4', 't5', 't6', 't7' and 2 more.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_safetensors_types_are_known_in_the_order_of_their_data()
    {
        using var folder = new TempFolder();
        (string Name, int Bytes)[] types =
        [
            ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8),
            ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16),
            ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
        ];
        var entries = new List<string>();
        int at = 0;
        foreach ((string type, int bytes) in types)
            entries.Add($$""" "{{type}}":{"data_offsets":[{{at}},{{at += bytes}}],"shape":[2,4],"dtype":"{{type}}"}""");
        entries.Reverse();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors($"{{{string.Join(',', entries)}}}", at));
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(types.Select(t => t.Name), file.Tensors.Select(t => t.DType));
        Assert.Equal(types.Select(t => (long)t.Bytes), file.Tensors.Select(t => t.ByteLength));
    }

    [Fact]
    public void Metadata_is_read()
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors("""{"__metadata__":{"format":"pt","a":""}}""", 0));
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(new Dictionary<string, string> { ["format"] = "pt", ["a"] = "" }, file.Metadata);
        Assert.Empty(file.Tensors);
    }

    private static string Message(string path) => Assert.Throws<InputException>(() => TensorFile.Open(path)).Message;
}
