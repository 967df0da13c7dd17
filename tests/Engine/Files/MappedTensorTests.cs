using Distributed.Engine.Files;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Files;

public unsafe class MappedTensorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Data_that_starts_at_any_byte_is_read(int padding)
    {
        using var folder = new TempFolder();
        float[] values = [1.5f, -2.25f, 3e20f, float.NaN, 5f, 6f];
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            byte[] data = type switch
            {
                ElementType.F32 => values.SelectMany(BitConverter.GetBytes).ToArray(),
                ElementType.F16 => values.SelectMany(v => BitConverter.GetBytes((Half)v)).ToArray(),
                _ => values.SelectMany(v => BitConverter.GetBytes(v)[2..]).ToArray(),
            };
            string json = $$"""{"q":{"dtype":"{{type}}","shape":[3,2],"data_offsets":[0,{{data.Length}}]} }""";
            byte[] header = [.. System.Text.Encoding.UTF8.GetBytes(json), .. Enumerable.Repeat((byte)' ', padding)];
            using TensorFile file = TensorFile.Open(folder.Write("in.safetensors", FileBytes.Safetensors(header, data)));
            MappedTensor tensor = file.Map("q");
            Assert.Equal((8 + json.Length + padding) % 64, tensor.Start % 64);
            Assert.Equal(type, tensor.Info.ElementType);
            var read = new float[4];
            tensor.ReadF32(2, read);
            Assert.Equal(values[2..].Select(v => Rounded(v, type)), read);
        }
    }

    [Fact]
    public void Rows_are_given_where_they_lie()
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors(
            """{"q":{"dtype":"F16","shape":[2,3,4,5],"data_offsets":[0,240]}}""", 240));
        using TensorFile file = TensorFile.Open(path);
        MappedTensor tensor = file.Map("q");
        Assert.Equal(24, tensor.Info.RowCount);
        Assert.Equal(5, tensor.Info.RowLength);

        TensorRows head = tensor.Rows(8, 4);
        Assert.Equal(new TensorRows(tensor.Start + 80, ElementType.F16, 10, 4, 5), head);
        Assert.Equal(80, *(byte*)head.Row(0));

        // Read as [batch 2, rows 3, heads 4, dim 5]: head 1 of batch 1.
        TensorRows strided = tensor.Rows(13, 3, 4);
        Assert.Equal(new TensorRows(tensor.Start + 130, ElementType.F16, 40, 3, 5), strided);
        Assert.Equal(210, *(byte*)strided.Row(2));
    }

    [Theory]
    [InlineData(-1, 1, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, 1, 0)]
    [InlineData(23, 2, 1)]
    [InlineData(24, 1, 1)]
    [InlineData(25, 0, 1)]
    [InlineData(0, 3, 12)]
    [InlineData(1, 2, long.MaxValue)]
    public void Rows_outside_the_tensor_are_refused(long first, int count, long step)
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors(
            """{"q":{"dtype":"F16","shape":[2,3,4,5],"data_offsets":[0,240]}}""", 240));
        using TensorFile file = TensorFile.Open(path);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Map("q").Rows(first, count, step));
    }

    [Fact]
    public void Bytes_and_elements_outside_the_tensor_are_refused()
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors(
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16));
        using TensorFile file = TensorFile.Open(path);
        MappedTensor tensor = file.Map("a");
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Bytes(1, 8).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Bytes(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.ReadF32(1, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.ReadF32(-1, new float[1]));
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_read()
    {
        using var folder = new TempFolder();
        string path = folder.Write("in.safetensors", FileBytes.Safetensors(
            """{"none":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},"one":{"dtype":"I16","shape":[],"data_offsets":[0,2]},"end":{"dtype":"F32","shape":[0,4],"data_offsets":[2,2]}}""", 2));
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal([0x0100L], file.Map("one").ReadI64());
        Assert.Equal(1, file.Find("one")!.RowCount);
        Assert.Equal(3, file.Map("none").Rows(0, 3).Count);
        Assert.Equal(0, file.Map("end").Rows(0, 0).Count);
        file.Map("end").ReadF32(0, []);
        Assert.Empty(file.Map("end").Bytes(0, 0).ToArray());
    }

    [Fact]
    public void A_file_with_no_tensors_is_read()
    {
        using var folder = new TempFolder();
        using TensorFile file = TensorFile.Open(folder.Write("in.safetensors", FileBytes.Safetensors("{}   ", 0)));
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void A_row_beyond_four_gigabytes_is_read()
    {
        using var folder = new TempFolder();
        string path = folder.File("large.safetensors");
        const long Rows = 20_000_000;
        const long Length = Rows * 64 * 4;
        byte[] header = System.Text.Encoding.UTF8.GetBytes(
            $$"""{"k":{"dtype":"F32","shape":[1,1,{{Rows}},64],"data_offsets":[0,{{Length}}]} }""");
        using (FileStream sparse = File.Create(path))
        {
            sparse.Write(BitConverter.GetBytes((long)header.Length));
            sparse.Write(header);
            sparse.SetLength(8 + header.Length + Length);
            sparse.Seek(-4, SeekOrigin.End);
            sparse.Write(BitConverter.GetBytes(2.5f));
        }
        using TensorFile file = TensorFile.Open(path);
        TensorRows last = file.Map("k").Rows(Rows - 2, 2);
        Assert.Equal(0f, ((float*)last.Row(0))[63]);
        Assert.Equal(2.5f, ((float*)last.Row(1))[63]);
        var read = new float[1];
        file.Map("k").ReadF32(Rows * 64 - 1, read);
        Assert.Equal(2.5f, read[0]);
    }

    [Fact]
    public void Nothing_is_given_out_after_disposal()
    {
        using var folder = new TempFolder();
        TensorFile file = TensorFile.Open(folder.Write("q.npy", FileBytes.Npy(1f)));
        MappedTensor tensor = file.Map("q");
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Start);
        Assert.Throws<ObjectDisposedException>(() => tensor.Rows(0, 1));
        Assert.Throws<ObjectDisposedException>(() => tensor.ReadF32(0, new float[1]));
    }

    private static float Rounded(float value, ElementType type) => type switch
    {
        ElementType.F32 => value,
        ElementType.F16 => (float)(Half)value,
        _ => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000),
    };
}
