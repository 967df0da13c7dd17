using System.Diagnostics;
using System.IO.Compression;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Files;

/// <summary>
/// Runs on a file system of one megabyte, made for the test; skipped where this user may not mount one. Runs alone,
/// because one test moves the folder for temporary files there.
/// </summary>
[Collection(nameof(Alone))]
public sealed class DiskFullTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _disk;
    private readonly bool _mounted;

    public DiskFullTests()
    {
        _disk = _folder.File("disk");
        Directory.CreateDirectory(_disk);
        _mounted = Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _disk);
    }

    [Fact]
    public void No_room_is_found_before_anything_is_written()
    {
        Assert.SkipUnless(_mounted, "this user may not mount a small file system");
        string path = Path.Combine(_disk, "o.safetensors");
        var error = Assert.Throws<DiskFullException>(
            () => TensorFileWriter.Create(path, [new TensorSpec("o", ElementType.F32, 1 << 19)]));
        Assert.Equal($"The disk of '{_disk}' has no room for a file of {(1 << 21) + 128} bytes.", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_disk));
    }

    [Fact]
    public void No_room_for_more_than_any_disk_has()
    {
        Assert.SkipUnless(_mounted, "this user may not mount a small file system");
        string path = Path.Combine(_disk, "o.safetensors");
        Assert.Throws<DiskFullException>(
            () => TensorFileWriter.Create(path, [new TensorSpec("o", ElementType.F32, 1L << 56)]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_disk));
    }

    [Fact]
    public void What_was_reserved_can_be_written_when_another_took_the_rest()
    {
        Assert.SkipUnless(_mounted, "this user may not mount a small file system");
        string path = Path.Combine(_disk, "o.safetensors");
        using (var writer = TensorFileWriter.Create(path, [new TensorSpec("o", ElementType.F32, 1 << 17)]))
        {
            FillDisk();
            writer["o"].Write(0, new float[1 << 17]);
            writer["o"].Write((1 << 17) - 1, [5f]);
            writer.Commit();
        }
        using TensorFile file = TensorFile.Open(path);
        var last = new float[1];
        file.Map("o").ReadF32((1 << 17) - 1, last);
        Assert.Equal(5f, last[0]);
    }

    [Fact]
    public void A_read_only_disk_is_refused()
    {
        Assert.SkipUnless(_mounted, "this user may not mount a small file system");
        Assert.True(Run("mount", "-o", "remount,ro", _disk));
        string path = Path.Combine(_disk, "o.npy");
        var error = Assert.Throws<InputException>(
            () => TensorFileWriter.Create(path, [new TensorSpec("o", ElementType.F32, 1)]));
        Assert.StartsWith($"The output '{path}' cannot be created in its folder: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_room_to_unpack_is_an_error_of_the_disk()
    {
        Assert.SkipUnless(_mounted, "this user may not mount a small file system");
        string path = _folder.Write("in.npz", FileBytes.Zip(
            CompressionLevel.SmallestSize, ("q.npy", FileBytes.Npy(new float[1 << 19]))));
        using TensorFile file = TensorFile.Open(path);
        string before = Path.GetTempPath();
        Environment.SetEnvironmentVariable("TMPDIR", _disk);
        try
        {
            Assert.Throws<DiskFullException>(() => file.Map("q"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(_disk));
    }

    public void Dispose()
    {
        if (_mounted)
            Assert.True(Run("umount", _disk));
        _folder.Dispose();
    }

    private void FillDisk()
    {
        using FileStream filler = File.Create(Path.Combine(_disk, "filler"));
        var block = new byte[4096];
        try
        {
            while (true)
                filler.Write(block);
        }
        catch (IOException)
        {
            Assert.InRange(filler.Length, 4096, 1 << 20);
        }
    }

    private static bool Run(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
