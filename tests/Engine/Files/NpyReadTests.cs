using Distributed.Engine.Files;

namespace Distributed.Engine.Tests.Files;

public class NpyReadTests
{
    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }   \n")]
    [InlineData("{'shape':(3,2),'fortran_order':False,'descr':'<f4'}")]
    [InlineData("{\"shape\": (3L, 2L,) ,\n \"fortran_order\" : False,\t\"descr\": u'<f4' , }")]
    public void The_dictionary_may_be_written_in_any_way_Python_reads(string header)
    {
        using var folder = new TempFolder();
        using TensorFile file = TensorFile.Open(folder.Write("a.npy", FileBytes.Npy(header, 24)));
        TensorInfo tensor = Assert.Single(file.Tensors);
        Assert.Equal([3, 2], tensor.Shape);
        Assert.Equal(FileElementType.F32, tensor.Type);
        Assert.Equal("<f4", tensor.DType);
        Assert.Equal(FileBytes.Counting(24), file.Map("a").Bytes(0, 24).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void All_versions_are_read(byte major)
    {
        using var folder = new TempFolder();
        byte[] content = FileBytes.Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4, major);
        using TensorFile file = TensorFile.Open(folder.Write("a.npy", content));
        Assert.Empty(file.Tensors[0].Shape);
        Assert.Equal(1, file.Tensors[0].ElementCount);
    }

    [Theory]
    [InlineData("|b1", FileElementType.Bool, 1)]
    [InlineData("|u1", FileElementType.U8, 1)]
    [InlineData("<i1", FileElementType.I8, 1)]
    [InlineData("<i4", FileElementType.I32, 4)]
    [InlineData("<i8", FileElementType.I64, 8)]
    [InlineData("<f2", FileElementType.F16, 2)]
    [InlineData("<f4", FileElementType.F32, 4)]
    [InlineData("<f8", FileElementType.F64, 8)]
    [InlineData("<c16", FileElementType.C128, 16)]
    public void Plain_types_are_known(string descr, FileElementType type, int size)
    {
        using var folder = new TempFolder();
        byte[] content = FileBytes.Npy($"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}\n", 2 * size);
        using TensorFile file = TensorFile.Open(folder.Write("a.npy", content));
        Assert.Equal(type, file.Tensors[0].Type);
        Assert.Equal(descr, file.Tensors[0].DType);
        Assert.Equal(2 * size, file.Tensors[0].ByteLength);
    }

    [Fact]
    public void The_tensor_is_named_by_the_caller_or_for_the_file()
    {
        using var folder = new TempFolder();
        string path = folder.Write("query.npy", FileBytes.Npy(1f, 2f));
        using TensorFile unnamed = TensorFile.Open(path);
        Assert.NotNull(unnamed.Find("query"));
        using TensorFile named = TensorFile.Open(path, "q");
        Assert.NotNull(named.Find("q"));
        Assert.Null(named.Find("query"));
    }

    [Fact]
    public void The_content_decides_whatever_the_name_says()
    {
        using var folder = new TempFolder();
        using TensorFile file = TensorFile.Open(folder.Write("array.safetensors", FileBytes.Npy(7f)));
        Assert.Equal("<f4", file.Tensors[0].DType);
    }

    [Fact]
    public void Truth_values_and_whole_numbers_are_widened()
    {
        using var folder = new TempFolder();
        byte[] bools = FileBytes.Npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", 3);
        using TensorFile mask = TensorFile.Open(folder.Write("mask.npy", bools));
        Assert.Equal([0L, 1L, 1L], mask.Map("mask").ReadI64());
        byte[] shorts = FileBytes.Npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n", 4);
        using TensorFile numbers = TensorFile.Open(folder.Write("n.npy", shorts));
        Assert.Equal([0x0100L, 0x0302L], numbers.Map("n").ReadI64());
        Assert.Throws<InvalidOperationException>(() => numbers.Map("n").ReadF32(0, new float[1]));
        Assert.Throws<InvalidOperationException>(() => numbers.Map("n").Rows(0, 1));
    }
}
