using System.Text;
using Distributed.Engine.Files;

namespace Distributed.Engine.Tests.Files;

public class NpyMalformedTests
{
    private const string Name = "q.npy";

    /// <summary>Header text, bytes of data, sentence.</summary>
    private static readonly (string Rule, string Header, int Data, string Sentence)[] Headers =
    [
        ("no dictionary", "[1]\n", 4, "{0} has a header that is no dictionary."),
        ("an empty header", "", 4, "{0} has a header that is no Python literal: it ends where a value is expected."),
        ("no literal", "hello\n", 4,
            "{0} has a header that is no Python literal: at position 0, a value is expected instead of 'h'."),
        ("an open dictionary", "{'descr': '<f4', ", 4,
            "{0} has a header that is no Python literal: it ends where a value is expected."),
        ("an open string", "{'descr: ", 4,
            "{0} has a header that is no Python literal: it ends where a closing quote is expected."),
        ("something behind", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} 7", 4,
            "{0} has a header that is no Python literal: at position 56, the end is expected instead of '7'."),
        ("no comma", "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}", 4,
            """{0} has a header that is no Python literal: at position 16, ',' or '}' is expected instead of '\''."""),
        ("no colon", "{'descr', '<f4'}", 4,
            "{0} has a header that is no Python literal: at position 8, ':' is expected instead of ','."),
        ("a key that is no string", "{1: '<f4'}", 4,
            "{0} has a header that is no Python literal: the key before position 2 is no string."),
        ("a call", "{'descr': exit(), 'fortran_order': False, 'shape': (1,)}", 4,
            "{0} has a header that is no Python literal: at position 10, a value is expected instead of 'e'."),
        ("deep nesting", "{'descr': " + new string('(', 40_000), 4,
            "{0} has a header that is no Python literal: it nests deeper than 16 levels."),
        ("no descr", "{'fortran_order': False, 'shape': (1,)}", 4, "{0} has a header without the key 'descr'."),
        ("no fortran_order", "{'descr': '<f4', 'shape': (1,)}", 4, "{0} has a header without the key 'fortran_order'."),
        ("no shape", "{'descr': '<f4', 'fortran_order': False}", 4, "{0} has a header without the key 'shape'."),
        ("a key twice", "{'descr': '<f4', 'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", 4,
            "{0} has a header with the key 'descr' twice."),
        ("an unknown key", "{'descr': '<f4', 'order': 'C', 'fortran_order': False, 'shape': (1,)}", 4,
            "{0} has a header with the unknown key 'order', where only descr, fortran_order and shape may stand."),
        ("big-endian", Header("'>f4'", "(1,)"), 4, "{0} is big-endian (dtype '>f4'): save it with a.astype('<f4') instead."),
        ("no byte order", Header("'|f4'", "(1,)"), 4,
            "{0} has the dtype '|f4', which does not say its byte order: '<f4' is expected."),
        ("Python objects", Header("'|O'", "(1,)"), 8,
            "{0} holds Python objects (dtype '|O'), where a plain array of numbers is expected."),
        ("a structured array", Header("[('x', '<f4'), ('y', '<f4')]", "(1,)"), 8,
            "{0} holds a structured array, where a plain array of numbers is expected."),
        ("a subarray dtype", Header("('<f4', (2,))", "(1,)"), 8,
            "{0} holds a structured array, where a plain array of numbers is expected."),
        ("bfloat16 by way of ml_dtypes", Header("'<V2'", "(1,)"), 2,
            "{0} has the dtype '<V2', which may be bfloat16 but does not say so: save such a tensor as safetensors."),
        ("text", Header("'<U10'", "(1,)"), 40,
            "{0} has the dtype '<U10', which is not read here: the float types are '<f4' and '<f2'."),
        ("long double", Header("'<f16'", "(1,)"), 16,
            "{0} has the dtype '<f16', which is not read here: the float types are '<f4' and '<f2'."),
        ("native byte order", Header("'=f4'", "(1,)"), 4,
            "{0} has the dtype '=f4', which is not read here: the float types are '<f4' and '<f2'."),
        ("a dtype of None", Header("None", "(1,)"), 4, "{0} has a header whose 'descr' is no type like '<f4'."),
        ("a dtype of one letter", Header("'f'", "(1,)"), 4, "{0} has a header whose 'descr' is no type like '<f4'."),
        ("Fortran order", "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", 16,
            "{0} is in Fortran order (fortran_order True): save it with np.ascontiguousarray(a) instead."),
        ("an order that is a number", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", 4,
            "{0} has a header whose 'fortran_order' is neither True nor False."),
        ("a shape that is a number", Header("'<f4'", "(1)"), 4, "{0} has a header whose 'shape' is no tuple."),
        ("a shape that is a list", Header("'<f4'", "[1]"), 4, "{0} has a header whose 'shape' is no tuple."),
        ("a shape of strings", Header("'<f4'", "('1',)"), 4,
            "{0} has a header whose 'shape' has an entry that is no whole number."),
        ("a shape of truth values", Header("'<f4'", "(True,)"), 4,
            "{0} has a header whose 'shape' has an entry that is no whole number."),
        ("a fractional shape", Header("'<f4'", "(1.0,)"), 4,
            "{0} has a header that is no Python literal: at position 52, a whole number is expected instead of '.'."),
        ("a negative shape", Header("'<f4'", "(-1,)"), 4,
            "{0} has a header whose 'shape' has the entry -1, where 0 to 9223372036854775807 is expected."),
        ("a shape over 63 bits", Header("'<f4'", "(9223372036854775808,)"), 4,
            "{0} has a header whose 'shape' has the entry 9223372036854775808, where 0 to 9223372036854775807 is expected."),
        ("a number of a hundred digits", Header("'<f4'", $"({new string('9', 100)},)"), 4,
            "{0} has a header that is no Python literal: it holds a number of 100 digits."),
        ("an overflowing shape", Header("'<f4'", "(4294967296, 4294967296)"), 4,
            "{0} has the shape [4294967296, 4294967296], whose size in bits does not fit in 63 bits."),
        ("a huge shape", Header("'<f4'", "(1000000000000,)"), 4,
            "{0} holds 4 bytes of data, but '<f4' of shape [1000000000000] takes 4000000000000: it is cut off."),
        ("data cut off", Header("'<f4'", "(2, 3)"), 23,
            "{0} holds 23 bytes of data, but '<f4' of shape [2, 3] takes 24: it is cut off."),
        ("data left over", Header("'<f2'", "(2, 3)"), 13,
            "{0} holds 13 bytes of data, but '<f2' of shape [2, 3] takes only 12."),
    ];

    public static TheoryData<string> Rules => new(Headers.Select(h => h.Rule));

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_broken_header_is_refused_by_name(string rule)
    {
        (_, string header, int data, string sentence) = Headers.Single(h => h.Rule == rule);
        Refused.WhenOpened(Name, FileBytes.Npy(header, data), sentence);
    }

    [Fact]
    public void A_file_without_the_magic_is_refused() => Refused.WhenOpened(
        Name, "just some text"u8.ToArray(), "{0} is no npy file: it does not begin with \\x93NUMPY.");

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(4, 0)]
    public void An_unknown_version_is_refused(byte major, byte minor) => Refused.WhenOpened(
        Name,
        FileBytes.Npy(Header("'<f4'", "(1,)"), 4, major, minor),
        $"{{0}} has the npy format version {major}.{minor}, where 1.0, 2.0 or 3.0 is expected.");

    [Fact]
    public void A_header_longer_than_the_file_is_refused() => Refused.WhenOpened(
        Name,
        [0x93, .. "NUMPY"u8, 1, 0, 200, 0, (byte)'{'],
        "{0} claims a header of 200 bytes but only 1 follow: it is cut off.");

    [Fact]
    public void A_header_of_four_gigabytes_is_refused_without_taking_memory()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused.WhenOpened(
            Name,
            [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 255, (byte)'{'],
            "{0} claims a header of 4294967295 bytes, over the limit of 1048564: a plain array's takes about a hundred.");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(9, 2)]
    [InlineData(11, 2)]
    public void A_file_shorter_than_its_prefix_is_refused(int length, byte major) => Refused.WhenOpened(
        Name,
        FileBytes.Npy(Header("'<f4'", "(1,)"), 4, major)[..length],
        $"{{0}} is {length} bytes long, too short for an npy header: it is cut off.");

    [Fact]
    public void A_version_3_header_that_is_not_UTF8_is_refused() => Refused.WhenOpened(
        Name, FileBytes.Npy([(byte)'{', 0xff], [], 3), "{0} has a version 3.0 header that is not UTF-8.");

    [Fact]
    public void Every_way_of_cutting_a_file_is_refused()
    {
        using var folder = new TempFolder();
        byte[] whole = FileBytes.Npy(Header("'<f4'", "(2, 1)"), 8);
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write(Name, whole[..length]);
            var error = Assert.Throws<InputException>(() => TensorFile.Open(path));
            Assert.StartsWith($"'{path}'", error.Message, StringComparison.Ordinal);
        }
        TensorFile.Open(folder.Write(Name, whole)).Dispose();
    }

    [Fact]
    public void Every_change_of_one_byte_is_read_or_refused_but_never_crashes()
    {
        using var folder = new TempFolder();
        byte[] whole = FileBytes.Npy(Header("'<f4'", "(2, 1)"), 8);
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
                    using TensorFile file = TensorFile.Open(path);
                    Assert.Equal(8, file.Tensors[0].ByteLength);
                }
                catch (InputException)
                {
                    refused++;
                }
            }
        }
        Assert.InRange(refused, 150, 4 * whole.Length);
    }

    private static string Header(string descr, string shape) =>
        new StringBuilder().Append($"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n").ToString();
}
