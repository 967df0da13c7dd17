using System.Buffers.Binary;
using System.IO.Compression;
using Distributed.Engine.Files;

namespace Distributed.Engine.Tests.Files;

public class NpzTests
{
    private const string Name = "in.npz";
    private const int LocalHeader = 30;

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void Members_are_tensors_named_without_npy(CompressionLevel level)
    {
        using var folder = new TempFolder();
        float[] many = Enumerable.Range(0, 500_000).Select(i => i % 1000 * 0.5f).ToArray();
        string path = folder.Write(
            Name, FileBytes.Zip(level, ("q.npy", FileBytes.Npy(1f, 2f)), ("sub/k.npy", FileBytes.Npy(many))));
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(["q", "sub/k"], file.Tensors.Select(t => t.Name));
        Assert.Equal([1f, 2f], Read(file.Map("q")));
        Assert.Equal(many, Read(file.Map("sub/k")));
        // Unpacked data has no name anywhere.
        Assert.Equal([Name], folder.Names);
    }

    [Fact]
    public void An_archive_is_known_by_its_content()
    {
        using var folder = new TempFolder();
        string path = folder.Write("arrays", FileBytes.Zip(CompressionLevel.NoCompression, ("q.npy", FileBytes.Npy(1f))));
        using TensorFile file = TensorFile.Open(path);
        Assert.NotNull(file.Find("q"));
    }

    [Fact]
    public void A_stored_member_is_not_copied()
    {
        using var folder = new TempFolder();
        using TensorFile file = TensorFile.Open(folder.Write(Name, Stored()));
        Assert.Equal(file.Map("q").Start, file.Map("q").Start);
        Assert.InRange(file.Map("k").Start - file.Map("q").Start, 1, Stored().Length);
    }

    [Fact]
    public void A_deflated_member_is_unpacked_once()
    {
        using var folder = new TempFolder();
        using TensorFile file = TensorFile.Open(folder.Write(Name, Deflated()));
        Assert.Equal(file.Map("q").Start, file.Map("q").Start);
    }

    [Fact]
    public void A_deflated_member_is_gone_when_the_file_is_disposed()
    {
        using var folder = new TempFolder();
        TensorFile file = TensorFile.Open(folder.Write(Name, Deflated()));
        MappedTensor tensor = file.Map("q");
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Start);
    }

    [Fact]
    public void ZIP64_sizes_are_read()
    {
        // What numpy writes: 32-bit sizes of all ones, the true ones in the extra field, in both headers.
        byte[] npy = FileBytes.Npy(1f, 2f, 3f);
        using var folder = new TempFolder();
        using TensorFile file = TensorFile.Open(folder.Write(Name, Zip64("q.npy"u8.ToArray(), npy)));
        Assert.Equal([1f, 2f, 3f], Read(file.Map("q")));
    }

    [Fact]
    public void A_ZIP64_number_over_63_bits_is_refused()
    {
        byte[] zip = Zip64("q.npy"u8.ToArray(), FileBytes.Npy(1f));
        zip.AsSpan(Find(zip, 0x02014b50) + 46 + 5 + 4, 8).Fill(255);
        Refused.WhenOpened(Name, zip, "{0} is a damaged zip archive: it holds the ZIP64 number 18446744073709551615.");
    }

    [Fact]
    public void A_file_that_is_no_archive_is_refused() => Refused.WhenOpened(
        Name,
        "some text that is longer than an end record"u8.ToArray(),
        "{0} is no whole zip archive: it has no end record, so it is cut off or no npz file.");

    [Fact]
    public void An_archive_cut_off_is_refused() => Refused.WhenOpened(
        Name, Stored()[..^1], "{0} is no whole zip archive: it has no end record, so it is cut off or no npz file.");

    [Fact]
    public void A_member_that_is_no_npy_is_refused() => Refused.WhenOpened(
        Name,
        FileBytes.Zip(CompressionLevel.NoCompression, ("data.pkl", [1])),
        "{0} holds the member 'data.pkl', where an npz file holds only .npy members.");

    [Fact]
    public void A_member_that_breaks_the_npy_rules_is_refused() => Refused.WhenOpened(
        Name,
        FileBytes.Zip(CompressionLevel.NoCompression, ("q.npy", "no array"u8.ToArray())),
        "The member 'q.npy' of {0} is no npy file: it does not begin with \\x93NUMPY.");

    [Fact]
    public void A_deflated_member_of_the_wrong_length_is_refused() => Refused.WhenOpened(
        Name,
        FileBytes.Zip(CompressionLevel.Optimal, ("q.npy", FileBytes.Npy(1f, 2f)[..^4])),
        "The member 'q.npy' of {0} holds 4 bytes of data, but '<f4' of shape [2] takes 8: it is cut off.");

    [Fact]
    public void A_member_twice_is_refused() => Refused.WhenOpened(
        Name,
        FileBytes.Zip(CompressionLevel.NoCompression, ("q.npy", FileBytes.Npy(1f)), ("q.npy", FileBytes.Npy(2f))),
        "{0} holds the member 'q.npy' twice.");

    [Fact]
    public void An_encrypted_member_is_refused()
    {
        byte[] zip = Stored();
        zip[Find(zip, 0x02014b50) + 8] |= 1;
        Refused.WhenOpened(
            Name, zip, "{0} holds the encrypted member 'q.npy', and encrypted archives are not read.");
    }

    [Fact]
    public void Another_compression_is_refused()
    {
        byte[] zip = Stored();
        zip[Find(zip, 0x02014b50) + 10] = 14;
        Refused.WhenOpened(
            Name,
            zip,
            "{0} holds the member 'q.npy' compressed by zip method 14, where stored (0) or deflated (8) is expected.");
    }

    [Fact]
    public void A_stored_member_of_two_lengths_is_refused()
    {
        byte[] zip = Stored();
        zip[Find(zip, 0x02014b50) + 20]++;
        int length = FileBytes.Npy(1f, 2f).Length;
        Refused.WhenOpened(
            Name,
            zip,
            $"{{0}} is a damaged zip archive: the stored member 'q.npy' has two lengths, {length + 1} and {length}.");
    }

    [Fact]
    public void A_member_whose_header_says_something_else_is_refused()
    {
        byte[] zip = Stored();
        zip[LocalHeader] = (byte)'x';
        Refused.WhenOpened(
            Name, zip, "{0} is a damaged zip archive: the header of 'q.npy' is not what its directory says.");
    }

    [Fact]
    public void Members_that_overlap_are_refused()
    {
        byte[] zip = Stored();
        int first = Find(zip, 0x02014b50);
        // q claims k's bytes too.
        BinaryPrimitives.WriteInt32LittleEndian(zip.AsSpan(first + 20), FileBytes.Npy(1f, 2f).Length + 10);
        BinaryPrimitives.WriteInt32LittleEndian(zip.AsSpan(first + 24), FileBytes.Npy(1f, 2f).Length + 10);
        Refused.WhenOpened(Name, zip, "{0} is a damaged zip archive: 'q.npy' and 'k.npy' overlap.");
    }

    [Fact]
    public void Data_past_the_directory_is_refused()
    {
        byte[] zip = Stored();
        int first = Find(zip, 0x02014b50);
        BinaryPrimitives.WriteInt32LittleEndian(zip.AsSpan(first + 20), 1 << 30);
        BinaryPrimitives.WriteInt32LittleEndian(zip.AsSpan(first + 24), 1 << 30);
        Refused.WhenOpened(Name, zip, "{0} is a damaged zip archive: the data of 'q.npy' runs past its place.");
    }

    [Fact]
    public void A_directory_elsewhere_is_refused()
    {
        byte[] zip = Stored();
        zip[Find(zip, 0x06054b50) + 16]++;
        Refused.WhenOpened(
            Name, zip, "{0} is a damaged zip archive: its directory is not where the end record says.");
    }

    [Fact]
    public void One_part_of_several_is_refused()
    {
        byte[] zip = Stored();
        zip[Find(zip, 0x06054b50) + 4] = 1;
        Refused.WhenOpened(Name, zip, "{0} is one part of a zip archive in several.");
    }

    [Fact]
    public void A_claim_no_compression_reaches_is_refused_before_unpacking()
    {
        byte[] zip = Deflated();
        int entry = Find(zip, 0x02014b50);
        uint packed = BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(entry + 20));
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(entry + 24), 0xFFFFFFFE);
        Refused.WhenOpened(
            Name,
            zip,
            $"{{0}} has a damaged member 'q.npy': {packed} packed bytes cannot hold the 4294967294 it claims.");
    }

    [Fact]
    public void A_wrong_checksum_is_refused_when_unpacking()
    {
        byte[] zip = Deflated();
        int entry = Find(zip, 0x02014b50);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(entry + 16));
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(entry + 16), crc ^ 1);
        Refused.WhenOpened(
            Name, zip, $"{{0}} has a damaged member 'q.npy': its checksum is {crc:x8} instead of {crc ^ 1:x8}.");
    }

    [Fact]
    public void Packed_data_that_is_none_is_refused()
    {
        byte[] zip = Deflated();
        zip.AsSpan(LocalHeader + 5, 8).Fill(255);
        Refused.WhenOpened(Name, zip, "{0} has a damaged member 'q.npy': it cannot be unpacked.");
    }

    [Fact]
    public void Every_change_of_one_byte_is_read_or_refused_but_never_crashes()
    {
        using var folder = new TempFolder();
        foreach (byte[] whole in new[] { Stored(), Deflated(), Zip64("q.npy"u8.ToArray(), FileBytes.Npy(1f)) })
        {
            int refused = 0;
            for (int i = 0; i < whole.Length; i++)
            {
                byte[] changed = [.. whole];
                changed[i] ^= (byte)(1 << (i % 8));
                string path = folder.Write(Name, changed);
                try
                {
                    using TensorFile file = TensorFile.Open(path);
                    foreach (TensorInfo tensor in file.Tensors)
                        file.Map(tensor.Name).Bytes(0, (int)tensor.ByteLength).ToArray();
                }
                catch (InputException)
                {
                    refused++;
                }
            }
            Assert.InRange(refused, whole.Length / 4, whole.Length);
        }
    }

    private static byte[] Stored() => FileBytes.Zip(
        CompressionLevel.NoCompression, ("q.npy", FileBytes.Npy(1f, 2f)), ("k.npy", FileBytes.Npy(3f, 4f, 5f)));

    private static byte[] Deflated() => FileBytes.Zip(
        CompressionLevel.SmallestSize, ("q.npy", FileBytes.Npy(new float[100])));

    private static int Find(byte[] zip, uint signature)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, signature);
        int at = zip.AsSpan().IndexOf(bytes);
        Assert.NotEqual(-1, at);
        return at;
    }

    private static byte[] Zip64(byte[] name, byte[] content)
    {
        byte[] sizes = [.. BitConverter.GetBytes((long)content.Length), .. BitConverter.GetBytes((long)content.Length)];
        byte[] none = [255, 255, 255, 255];
        byte[] local =
        [
            .. "PK"u8, 3, 4, 45, 0, 0, 0, 0, 0, .. new byte[8], .. none, .. none,
            (byte)name.Length, 0, 20, 0, .. name, 1, 0, 16, 0, .. sizes, .. content,
        ];
        byte[] central =
        [
            .. "PK"u8, 1, 2, 45, 0, 45, 0, 0, 0, 0, 0, .. new byte[8], .. none, .. none,
            (byte)name.Length, 0, 28, 0, .. new byte[10], .. none, .. name, 1, 0, 24, 0, .. sizes, .. new byte[8],
        ];
        byte[] end64 =
        [
            .. "PK"u8, 6, 6, .. BitConverter.GetBytes(44L), 45, 0, 45, 0, .. new byte[8],
            .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(1L),
            .. BitConverter.GetBytes((long)central.Length), .. BitConverter.GetBytes((long)local.Length),
        ];
        byte[] locator =
        [
            .. "PK"u8, 6, 7, .. new byte[4], .. BitConverter.GetBytes((long)local.Length + central.Length), 1, 0, 0, 0,
        ];
        return
        [
            .. local, .. central, .. end64, .. locator,
            .. "PK"u8, 5, 6, .. new byte[4], 255, 255, 255, 255, .. none, .. none, 0, 0,
        ];
    }

    private static float[] Read(MappedTensor tensor)
    {
        var values = new float[tensor.Info.ElementCount];
        tensor.ReadF32(0, values);
        return values;
    }
}
