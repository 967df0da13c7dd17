using System.Text;

namespace Distributed.Engine.Tests.Files;

public class SafetensorsMalformedTests
{
    private const string Name = "in.safetensors";
    private const string Q = """{"q":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""";

    /// <summary>Header, bytes of data, sentence.</summary>
    private static readonly (string Rule, string Header, int Data, string Sentence)[] Headers =
    [
        ("not beginning with a brace", """ {"q":1}""", 0,
            "{0} has a header that does not begin with '{': it is no safetensors file."),
        ("a list", """[1]""", 0, "{0} has a header that does not begin with '{': it is no safetensors file."),
        ("no JSON", """{q:1}""", 0, "{0} has a header that is not valid JSON, seen at its byte 1."),
        ("cut off JSON", """{"q":{"dtype":"F32","shape":[2""", 8,
            "{0} has a header that is not valid JSON, seen at its byte 30."),
        ("a trailing comma", """{"q":{"dtype":"U8","shape":[],"data_offsets":[0,1],}}""", 1,
            "{0} has a header that is not valid JSON, seen at its byte 51."),
        ("a comment", """{/*q*/}""", 0, "{0} has a header that is not valid JSON, seen at its byte 1."),
        ("something behind the object", Q + "}}", 8, "{0} has a header that is not valid JSON, seen at its byte 54."),
        ("two objects", Q + "}{}", 8, "{0} has a header that is not valid JSON, seen at its byte 54."),
        ("padding that is no spaces", Q + "}\0\0", 8, "{0} has a header that is not valid JSON, seen at its byte 54."),
        ("an unpaired surrogate", """{"\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}""", 1,
            "{0} has a header with a string of half a surrogate pair."),
        ("a tensor twice", Q + ""","q":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "{0} holds 'q' twice."),
        ("a tensor twice by escapes", Q + ""","\u0071":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16,
            "{0} holds 'q' twice."),
        ("metadata twice", """{"__metadata__":{},"__metadata__":{}}""", 0, "{0} holds '__metadata__' twice."),
        ("metadata of null", """{"__metadata__":null}""", 0, "{0} has a __metadata__ that is no object of strings."),
        ("metadata of a number", """{"__metadata__":{"a":1}}""", 0,
            "{0} has a __metadata__ entry 'a' whose value is no string."),
        ("a metadata key twice", """{"__metadata__":{"a":"1","a":"2"}}""", 0, "{0} has the __metadata__ entry 'a' twice."),
        ("an entry that is no object", """{"q":[0,8]}""", 8,
            "{0} describes tensor 'q' by something that is no object."),
        ("a field twice", """{"q":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the field 'dtype' twice."),
        ("offsets twice", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the field 'data_offsets' twice."),
        ("no dtype", """{"q":{"shape":[1],"data_offsets":[0,1]}}""", 1, "{0} does not give tensor 'q' the field 'dtype'."),
        ("no shape", """{"q":{"dtype":"U8","data_offsets":[0,1]}}""", 1, "{0} does not give tensor 'q' the field 'shape'."),
        ("no offsets", """{"q":{"dtype":"U8","shape":[1]}}""", 1,
            "{0} does not give tensor 'q' the field 'data_offsets'."),
        ("an unknown field", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}}""", 1,
            "{0} gives tensor 'q' the unknown field 'strides', where only dtype, shape and data_offsets may stand."),
        ("an unknown dtype", """{"q":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4,
            "{0} gives tensor 'q' the dtype 'f32', which the format does not know."),
        ("a dtype of null", """{"q":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}""", 4,
            "{0} gives tensor 'q' a dtype that is no string."),
        ("a shape that is no list", """{"q":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' a shape that is no list."),
        ("a negative shape", """{"q":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the shape entry '-1', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a shape of minus zero", """{"q":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}""", 0,
            "{0} gives tensor 'q' the shape entry '-0', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a fractional shape", """{"q":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the shape entry '1.0', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a shape with an exponent", """{"q":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the shape entry '1e0', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a shape over 63 bits", """{"q":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the shape entry '9223372036854775808', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a shape of strings", """{"q":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the shape entry '1', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a nested shape", """{"q":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}}""", 1,
            "{0} gives tensor 'q' the shape entry '[…', where a whole number from 0 to 9223372036854775807 is expected."),
        ("an overflowing shape", """{"q":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0,
            "{0} gives tensor 'q' the shape [4294967296, 4294967296], whose size in bits does not fit in 63 bits."),
        ("an overflowing empty shape", """{"q":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0,
            "{0} gives tensor 'q' the shape [0, 4294967296, 4294967296], whose size in bits does not fit in 63 bits."),
        ("half a byte", """{"q":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2,
            "{0} gives tensor 'q' the shape [3], which does not fill whole bytes as F4."),
        ("one offset", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[1]}}""", 1,
            "{0} gives tensor 'q' 1 data_offsets, where begin and end are expected."),
        ("three offsets", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}""", 1,
            "{0} gives tensor 'q' 3 data_offsets, where begin and end are expected."),
        ("a negative offset", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", 1,
            "{0} gives tensor 'q' the data_offsets entry '-1', where a whole number from 0 to 9223372036854775807 is expected."),
        ("a fractional offset", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[0,1.5]}}""", 1,
            "{0} gives tensor 'q' the data_offsets entry '1.5', where a whole number from 0 to 9223372036854775807 is expected."),
        ("offsets the wrong way", """{"q":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1,
            "{0} gives tensor 'q' data that begins at byte 1 and ends before, at 0."),
        ("too few bytes for the shape", """{"q":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}""", 20,
            "{0} gives tensor 'q' 20 bytes of data, but F32 of shape [2, 3] takes 24."),
        ("too many bytes for the shape", """{"q":{"dtype":"BF16","shape":[],"data_offsets":[0,4]}}""", 4,
            "{0} gives tensor 'q' 4 bytes of data, but BF16 of shape [] takes 2."),
        ("data cut off", Q + "}", 7,
            "{0} places tensor 'q' at bytes 0 to 8, but only 7 bytes of data follow the header: it is cut off."),
        ("offsets far outside", """{"q":{"dtype":"U8","shape":[1152921504606846975],"data_offsets":[0,1152921504606846975]}}""", 1,
            "{0} places tensor 'q' at bytes 0 to 1152921504606846975, but only 1 bytes of data follow the header: it is cut off."),
        ("an overlap", Q + ""","k":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12,
            "{0} places tensor 'k' at byte 4, where it overlaps tensor 'q', which ends at 8."),
        ("the same place twice", Q + ""","k":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8,
            "{0} places tensor 'k' at byte 0, where it overlaps tensor 'q', which ends at 8."),
        ("an empty tensor inside another", Q + ""","k":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}""", 8,
            "{0} places tensor 'k' at byte 4, where it overlaps tensor 'q', which ends at 8."),
        ("a hole at the start", """{"q":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16,
            "{0} has a hole of 8 bytes between the header and tensor 'q', and the format allows none."),
        ("a hole between", Q + ""","k":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}""", 20,
            "{0} has a hole of 4 bytes between tensor 'q' and tensor 'k', and the format allows none."),
        ("bytes left over", Q + "}", 9,
            "{0} has 1 bytes behind tensor 'q' that belong to no tensor, and the format allows none."),
        ("bytes and no tensor", "{}", 3,
            "{0} has 3 bytes behind the header that belong to no tensor, and the format allows none."),
        ("a name that would disturb a terminal", """{"\u001b[2J\u202e'":1}""", 0,
            """{0} describes tensor '\u001b[2J\u202e\'' by something that is no object."""),
    ];

    public static TheoryData<string> Rules => new(Headers.Select(h => h.Rule));

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_broken_header_is_refused_by_name(string rule)
    {
        (_, string header, int data, string sentence) = Headers.Single(h => h.Rule == rule);
        Refused.WhenOpened(Name, FileBytes.Safetensors(header, data), sentence);
    }

    [Fact]
    public void An_empty_file_is_refused() => Refused.WhenOpened(Name, [], "{0} is empty: it holds no tensors.");

    [Fact]
    public void A_file_shorter_than_its_prefix_is_refused() => Refused.WhenOpened(
        Name,
        [1, 0, 0, 0, 0, 0, 0],
        "{0} is 7 bytes long, too short for a safetensors file, which begins with 8 of header length.");

    [Fact]
    public void A_header_of_no_bytes_is_refused() => Refused.WhenOpened(
        Name, new byte[8], "{0} has a header that does not begin with '{': it is no safetensors file.");

    [Fact]
    public void A_header_longer_than_the_file_is_refused() => Refused.WhenOpened(
        Name,
        [100, 0, 0, 0, 0, 0, 0, 0, (byte)'{'],
        "{0} claims a header of 100 bytes but only 1 follow: it is cut off or no safetensors file.");

    [Fact]
    public void A_header_at_the_limit_but_over_the_file_is_refused() => Refused.WhenOpened(
        Name,
        [.. BitConverter.GetBytes(100_000_000L), (byte)'{'],
        "{0} claims a header of 100000000 bytes but only 1 follow: it is cut off or no safetensors file.");

    [Fact]
    public void A_header_over_the_limit_is_refused_even_when_the_file_has_it()
    {
        using var folder = new TempFolder();
        string path = folder.File(Name);
        using (FileStream file = File.Create(path))
        {
            file.Write(BitConverter.GetBytes(100_000_001L));
            file.Write("{"u8);
            file.SetLength(100_000_009);
        }
        var error = Assert.Throws<InputException>(() => Engine.Files.TensorFile.Open(path));
        Assert.Equal(
            $"'{path}' claims a header of 100000001 bytes, over the limit of 100000000: it is no safetensors file.",
            error.Message);
    }

    [Fact]
    public void A_claim_of_all_bits_is_refused_without_taking_memory()
    {
        byte[] content = [255, 255, 255, 255, 255, 255, 255, 255, (byte)'{'];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused.WhenOpened(
            Name,
            content,
            "{0} claims a header of 18446744073709551615 bytes, over the limit of 100000000: it is no safetensors file.");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused() => Refused.WhenOpened(
        Name, FileBytes.Safetensors([(byte)'{', (byte)'"', 0xff, (byte)'"', (byte)'}'], []), "{0} has a header that is not UTF-8.");

    [Fact]
    public void Text_is_refused() => Refused.WhenOpened(
        "notes.txt",
        Encoding.ASCII.GetBytes("The quick brown fox"),
        "{0} claims a header of 7163385811044755540 bytes, over the limit of 100000000: it is no safetensors file.");

    [Fact]
    public void Deep_nesting_is_refused_without_recursing() => Refused.WhenOpened(
        Name,
        FileBytes.Safetensors("""{"q":""" + new string('[', 1_000_000), 0),
        "{0} describes tensor 'q' by something that is no object.");

    [Fact]
    public void Every_way_of_cutting_a_file_is_refused()
    {
        using var folder = new TempFolder();
        byte[] whole = FileBytes.Safetensors(Q + ""","k":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}  """, 11);
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write(Name, whole[..length]);
            var error = Assert.Throws<InputException>(() => Engine.Files.TensorFile.Open(path));
            Assert.StartsWith($"'{path}'", error.Message, StringComparison.Ordinal);
        }
        Engine.Files.TensorFile.Open(folder.Write(Name, whole)).Dispose();
    }

    [Fact]
    public void Every_change_of_one_byte_is_read_or_refused_but_never_crashes()
    {
        using var folder = new TempFolder();
        byte[] whole = FileBytes.Safetensors(Q + ""","__metadata__":{"a":"b"}}  """, 8);
        int refused = 0;
        foreach (byte flip in new byte[] { 1, 2, 0x20, 0x80 })
        {
            for (int i = 0; i < whole.Length - 8; i++)
            {
                byte[] changed = [.. whole];
                changed[i] ^= flip;
                string path = folder.Write(Name, changed);
                try
                {
                    using var file = Engine.Files.TensorFile.Open(path);
                    Assert.Equal(8, file.Tensors.Sum(t => t.ByteLength));
                }
                catch (InputException)
                {
                    refused++;
                }
            }
        }
        Assert.InRange(refused, 200, 4 * whole.Length);
    }
}
