using System.Diagnostics;
using System.Runtime.Versioning;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Files;

[SupportedOSPlatform("linux")]
public class OutputPathTests
{
    [Fact]
    public void A_missing_folder_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("none/o.safetensors");
        Assert.Equal(
            $"The output '{path}' cannot be made: its folder '{folder.File("none")}' cannot be found.", Message(path));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void A_file_where_the_folder_should_be_is_refused()
    {
        using var folder = new TempFolder();
        string file = folder.Write("file", [1]);
        string path = Path.Combine(file, "o.safetensors");
        Assert.Equal($"The output '{path}' cannot be made: '{file}' is a file, not a folder.", Message(path));
    }

    [Fact]
    public void A_folder_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.safetensors");
        Directory.CreateDirectory(path);
        Assert.Equal($"The output '{path}' is a folder, where the name of a file is expected.", Message(path));
        Assert.Equal(["o.safetensors"], folder.Names);
    }

    [Fact]
    public void A_device_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("null.npy");
        File.CreateSymbolicLink(path, "/dev/null");
        Assert.Equal($"The output '{path}' is a device or a pipe, where a regular file is expected.", Message(path));
    }

    [Fact]
    public void A_pipe_is_refused_without_waiting_for_its_other_end()
    {
        using var folder = new TempFolder();
        string path = folder.File("pipe.npy");
        using (Process mkfifo = Process.Start("mkfifo", path))
        {
            mkfifo.WaitForExit();
            Assert.Equal(0, mkfifo.ExitCode);
        }
        Assert.Equal($"The output '{path}' is a device or a pipe, where a regular file is expected.", Message(path));
        var error = Assert.Throws<InputException>(() => TensorFile.Open(path));
        Assert.Equal($"'{path}' is a device or a pipe: a tensor file must be a regular file.", error.Message);
    }

    [Theory]
    [InlineData("in.safetensors")]
    [InlineData("./in.safetensors")]
    [InlineData("link.safetensors")]
    [InlineData("hard.safetensors")]
    public void An_input_under_any_name_is_refused(string output)
    {
        using var folder = new TempFolder();
        string input = folder.Write("in.safetensors", FileBytes.Safetensors("{}", 0));
        File.CreateSymbolicLink(folder.File("link.safetensors"), "in.safetensors");
        using (Process link = Process.Start("ln", [input, folder.File("hard.safetensors")]))
        {
            link.WaitForExit();
            Assert.Equal(0, link.ExitCode);
        }
        string path = folder.File(output);
        var error = Assert.Throws<InputException>(
            () => TensorFileWriter.Create(path, [new("o", ElementType.F32, 1)], inputs: ["/no/such", input]));
        Assert.Equal($"The output '{path}' is the input '{input}', which it would replace.", error.Message);
        Assert.Equal(3, folder.Names.Count());
    }

    [Fact]
    public void A_write_protected_file_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.Write("o.npy", [1]);
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        Assert.Equal($"The output '{path}' exists and is write-protected.", Message(path));
        Assert.Equal([1], File.ReadAllBytes(path));
    }

    [Fact]
    public void A_folder_that_may_not_be_written_is_refused()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "this user may write every folder");
        using var folder = new TempFolder();
        string closed = folder.File("closed");
        Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string path = Path.Combine(closed, "o.npy");
        Assert.StartsWith($"The output '{path}' cannot be created in its folder: ", Message(path), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(closed));
    }

    [Fact]
    public void A_folder_that_holds_no_files_is_refused() => Assert.StartsWith(
        "The output '/proc/o.npy' cannot be created in its folder: ", Message("/proc/o.npy"), StringComparison.Ordinal);

    [Fact]
    public void A_link_stays_and_what_it_points_to_is_written()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("real"));
        string link = folder.File("o.npy");
        File.CreateSymbolicLink(link, "real/out.npy");
        using (var writer = TensorFileWriter.Create(link, [new("o", ElementType.F32, 1)]))
            writer.Commit();
        Assert.Equal("real/out.npy", new FileInfo(link).LinkTarget);
        Assert.True(File.Exists(folder.File("real/out.npy")));
    }

    [Fact]
    public void A_ring_of_links_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.npy");
        File.CreateSymbolicLink(path, "o.npy");
        Assert.StartsWith($"The output '{path}' is no usable path: ", Message(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("o.bin", "The output '{0}' does not end in .safetensors or .npy, so its format is not known.")]
    [InlineData("o", "The output '{0}' does not end in .safetensors or .npy, so its format is not known.")]
    [InlineData("o.npz", "The output '{0}' would be an npz file, which is read but not written: use .safetensors or .npy.")]
    public void A_name_without_a_format_is_refused(string name, string sentence)
    {
        using var folder = new TempFolder();
        string path = folder.File(name);
        Assert.Equal(sentence.Replace("{0}", path, StringComparison.Ordinal), Message(path));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Two_tensors_in_an_npy_file_are_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.npy");
        var error = Assert.Throws<InputException>(
            () => TensorFileWriter.Create(path, [new("o", ElementType.F32, 1), new("lse", ElementType.F32, 1)]));
        Assert.Equal(
            $"The output '{path}' is an npy file, which holds one tensor, and 2 are to be written ('o', 'lse'): use .safetensors.",
            error.Message);
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void BFloat16_in_an_npy_file_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.File("o.npy");
        var error = Assert.Throws<InputException>(() => TensorFileWriter.Create(path, [new("o", ElementType.BF16, 1)]));
        Assert.Equal(
            $"The output '{path}' cannot hold BF16, which npy does not have: use .safetensors, or another element type.",
            error.Message);
        Assert.Empty(folder.Names);
    }

    private static string Message(string path) =>
        Assert.Throws<InputException>(() => TensorFileWriter.Create(path, [new("o", ElementType.F32, 1)])).Message;
}
