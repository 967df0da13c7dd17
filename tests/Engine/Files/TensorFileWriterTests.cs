using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Files;

public class TensorFileWriterTests
{
    private static readonly TensorSpec[] Specs =
        [new("o", ElementType.F32, 1, 2, 8, 4), new("lse", ElementType.F32, 1, 2, 8)];

    [Fact]
    public void The_output_has_its_name_only_after_Commit()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.safetensors");
        using var writer = TensorFileWriter.Create(path, Specs);
        string temporary = Assert.Single(folder.Names);
        Assert.StartsWith("o.safetensors.", temporary, StringComparison.Ordinal);
        Assert.EndsWith(".partial", temporary, StringComparison.Ordinal);
        Assert.True(new FileInfo(folder.File(temporary)).Length > (64 + 16) * 4);
        writer.Commit();
        Assert.Equal(["o.safetensors"], folder.Names);
        writer.Dispose();
        Assert.Equal(["o.safetensors"], folder.Names);
    }

    [Fact]
    public void Without_Commit_nothing_is_left()
    {
        using var folder = new TempFolder();
        using (var writer = TensorFileWriter.Create(folder.File("o.safetensors"), Specs))
            writer["o"].WriteRows(0, new float[64]);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Without_Commit_what_had_the_name_stays()
    {
        using var folder = new TempFolder();
        string path = folder.Write("o.safetensors", [1, 2, 3]);
        using (var writer = TensorFileWriter.Create(path, Specs))
            writer["o"].WriteRows(0, new float[64]);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public void Commit_replaces_what_had_the_name()
    {
        using var folder = new TempFolder();
        string path = folder.Write("o.safetensors", [1, 2, 3]);
        using (var writer = TensorFileWriter.Create(path, Specs))
            writer.Commit();
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(["o", "lse"], file.Tensors.Select(t => t.Name));
        Assert.Equal(["o.safetensors"], folder.Names);
    }

    [Fact]
    public void Rows_written_in_long_and_in_short_pieces_lie_where_they_belong()
    {
        using var folder = new TempFolder();
        int[] pieces = [1, 100_000, 7, 4096, 4095, 3, 60_000];
        float[] numbers = [.. Enumerable.Range(0, pieces.Sum() * 4).Select(i => (float)i)];
        string path = folder.File("o.safetensors");
        using (var writer = TensorFileWriter.Create(path, [new("o", ElementType.F32, 1, pieces.Sum(), 4)]))
        {
            int at = 0;
            foreach (int piece in pieces)
            {
                writer["o"].WriteRows(at, numbers.AsSpan(at * 4, piece * 4));
                writer.WriteBack();
                at += piece;
            }
            Assert.Throws<ArgumentOutOfRangeException>(() => writer["o"].WriteRows(at - 1, new float[100_000 * 4]));
            writer.Commit();
            Assert.Throws<ObjectDisposedException>(() => writer["o"].WriteRows(0, new float[100_000 * 4]));
        }
        using TensorFile file = TensorFile.Open(path);
        var read = new float[numbers.Length];
        file.Map("o").ReadF32(0, read);
        Assert.Equal(numbers, read);
    }

    [Fact]
    public void Nothing_is_written_after_the_end()
    {
        using var folder = new TempFolder();
        var committed = TensorFileWriter.Create(folder.File("a.safetensors"), Specs);
        committed.Commit();
        Assert.Throws<ObjectDisposedException>(() => committed["o"].Write(0, [1f]));
        Assert.Throws<ObjectDisposedException>(committed.Commit);
        committed.Dispose();
        var disposed = TensorFileWriter.Create(folder.File("b.safetensors"), Specs);
        disposed.Dispose();
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => disposed["o"].Write(0, [1f]));
        Assert.Throws<ObjectDisposedException>(disposed.Commit);
    }

    [Theory]
    [InlineData(FileElementType.F32)]
    [InlineData(FileElementType.F16)]
    [InlineData(FileElementType.BF16)]
    public void Threads_write_rows_at_once(FileElementType type)
    {
        using var folder = new TempFolder();
        string path = folder.File("o.safetensors");
        const int Heads = 3;
        const int Rows = 501;
        const int Dim = 7;
        using (var writer = TensorFileWriter.Create(path, [new TensorSpec("o", type, 1, Rows, Heads, Dim)]))
        {
            Parallel.For(0, Heads, head => Parallel.For(0, Rows / 3, part =>
            {
                // Whole numbers below 128, which every type holds.
                float[] rows = Enumerable.Range(0, 3 * Dim).Select(i => Value(3 * part + i / Dim, head, i % Dim)).ToArray();
                writer["o"].WriteRows(3 * part * Heads + head, rows, Heads);
            }));
            writer.Commit();
        }
        using TensorFile file = TensorFile.Open(path);
        var read = new float[Rows * Heads * Dim];
        file.Map("o").ReadF32(0, read);
        for (int i = 0; i < read.Length; i++)
            Assert.Equal(Value(i / Dim / Heads, i / Dim % Heads, i % Dim), read[i]);
    }

    [Fact]
    public void Disposing_while_others_write_ends_them_with_an_exception_only()
    {
        using var folder = new TempFolder();
        const int Elements = 1 << 16;
        for (int round = 0; round < 5; round++)
        {
            using var started = new CountdownEvent(2);
            var writer = TensorFileWriter.Create(
                folder.File("o.safetensors"), [new TensorSpec("o", ElementType.F32, 2 * Elements)]);
            Task[] writing = Enumerable.Range(0, 2).Select(t => Task.Factory.StartNew(
                () =>
                {
                    var values = new float[Elements];
                    writer["o"].Write(t * Elements, values);
                    started.Signal();
                    while (true)
                        writer["o"].Write(t * Elements, values);
                },
                TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)).ToArray();
            Assert.True(
                started.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken),
                "both threads should have written once within 30 seconds");
            writer.Dispose();
            var ended = Assert.Throws<AggregateException>(() => Task.WaitAll(writing, TestContext.Current.CancellationToken));
            Assert.Equal(2, ended.InnerExceptions.Count);
            Assert.All(ended.InnerExceptions, e => Assert.IsType<ObjectDisposedException>(e));
            Assert.Empty(folder.Names);
        }
    }

    [Fact]
    public void What_is_not_in_the_tensor_is_not_written()
    {
        using var folder = new TempFolder();
        using var writer = TensorFileWriter.Create(
            folder.File("o.safetensors"), [.. Specs, new TensorSpec("n", FileElementType.I64, 2)]);
        TensorWriter o = writer["o"];
        Assert.Throws<ArgumentOutOfRangeException>(() => o.Write(61, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => o.Write(-1, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => o.WriteRows(15, new float[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => o.WriteRows(0, new float[12], 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => o.WriteRows(0, new float[4], 0));
        Assert.Throws<ArgumentException>(() => o.WriteRows(0, new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => o.WriteBytes(1, new byte[256]));
        Assert.Throws<InvalidOperationException>(() => writer["n"].Write(0, [1f]));
        Assert.Throws<InvalidOperationException>(() => o.Write(0, [1L]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer["n"].Write(1, [1L, 2L]));
        Assert.Throws<KeyNotFoundException>(() => writer["q"]);
    }

    [Fact]
    public void Tensors_start_at_multiples_of_their_element_whatever_their_order()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.safetensors");
        TensorSpec[] specs =
        [
            new("bytes", FileElementType.U8, 3), new("halves", FileElementType.F16, 3),
            new("floats", FileElementType.F32, 1), new("longs", FileElementType.I64, 1),
        ];
        using (var writer = TensorFileWriter.Create(path, specs))
        {
            foreach (TensorSpec spec in specs)
                writer[spec.Name].WriteBytes(0, [.. Enumerable.Repeat((byte)spec.Name[0], 3)]);
            writer.Commit();
        }
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(["longs", "floats", "halves", "bytes"], file.Tensors.Select(t => t.Name));
        foreach (TensorInfo tensor in file.Tensors)
        {
            Assert.Equal(0, file.Map(tensor.Name).Start % (tensor.Type.SizeInBits() / 8));
            Assert.Equal((byte)tensor.Name[0], file.Map(tensor.Name).Bytes(0, 1)[0]);
        }
    }

    [Fact]
    public void Impossible_tensors_are_refused_before_a_file_is_made()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.safetensors");
        Assert.Throws<ArgumentException>(() => TensorFileWriter.Create(path, [Specs[0], Specs[0]]));
        Assert.Throws<ArgumentException>(() => TensorFileWriter.Create(path, [new("__metadata__", ElementType.F32, 1)]));
        Assert.Throws<ArgumentException>(() => TensorFileWriter.Create(path, [new("o", ElementType.F32, -1)]));
        Assert.Throws<ArgumentException>(() => TensorFileWriter.Create(path, [new("o", ElementType.F32, long.MaxValue, 2)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorFileWriter.Create(path, []));
        Assert.Empty(folder.Names);
    }

    private static float Value(int row, int head, int column) => (row * 5 + head * 3 + column) % 128;
}
