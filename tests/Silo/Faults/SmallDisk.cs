using System.Diagnostics;

namespace Distributed.Silo.Tests.Faults;

/// <summary>A small file system of memory, which can be filled but for so many bytes.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Ballast => Path.Combine(Folder, "ballast");

    /// <summary>Makes one; null where that is not allowed.</summary>
    public static async Task<SmallDisk?> MountAsync(long bytes)
    {
        string folder = Directory.CreateTempSubdirectory("full-").FullName;
        if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", folder) == 0)
            return new SmallDisk(folder);
        Directory.Delete(folder);
        return null;
    }

    /// <summary>Fills it but for so many bytes.</summary>
    public void Fill(int room)
    {
        Empty();
        long free = new DriveInfo(Folder).AvailableFreeSpace - room;
        using FileStream file = File.Create(Ballast);
        var zeros = new byte[64 << 10];
        try
        {
            for (; free > 0; free -= zeros.Length)
            {
                file.Write(zeros, 0, (int)Math.Min(zeros.Length, free));
                file.Flush();
            }
        }
        catch (IOException)
        {
            // A job at work took the last of it meanwhile; that is as full as can be.
        }
    }

    /// <summary>Takes away what filled it.</summary>
    public void Empty() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "-l", Folder);
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<int> RunAsync(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
