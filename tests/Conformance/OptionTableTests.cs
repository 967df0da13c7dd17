using Distributed.Kernels;
using Distributed.Kernels.Tests.Devices;

namespace Distributed.Conformance.Tests;

public sealed class OptionTableTests
{
    private const string End = "<!-- end of the table -->";

    /// <summary>Every option in every mode is honoured or refused with a reason, and the page says which.</summary>
    [Fact]
    public Task The_published_table_is_what_the_engine_does() => Holds("table of options and modes", OptionTable.MakeAsync);

    /// <summary>The same for devices, on ILGPU's own processor or the device that <see cref="TestDevice"/> finds named.</summary>
    [Fact]
    public Task The_published_table_is_what_a_device_does()
    {
        Assert.SkipUnless(KernelsAssembly.HasIlgpu, "This build has no ILGPU.");
        return Holds("table of options on a device", async folder =>
            (await OptionTable.MakeForDeviceAsync(folder, TestDevice.Choice)).Replace($"Device {TestDevice.Choice} ", "Device ilgpu-cpu ", StringComparison.Ordinal));
    }

    private static async Task Holds(string name, Func<string, Task<string>> make)
    {
        string begin = $"<!-- {name}: generated -->", folder = Directory.CreateTempSubdirectory("options-").FullName;
        try
        {
            string table = await make(folder);
            string path = Path.Combine(Root(), "docs", "attention.md"), page = File.ReadAllText(path);
            int from = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length, to = page.IndexOf(End, from, StringComparison.Ordinal);
            if (Environment.GetEnvironmentVariable("WRITE_OPTION_TABLE") == "1")
                File.WriteAllText(path, $"{page[..from]}\n{table}\n{page[to..]}");
            else
                Assert.True(page[from..to].Trim() == table, $"docs/attention.md has another table than the engine's (WRITE_OPTION_TABLE=1 writes it):\n{table}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            folder = folder.Parent;
        return folder!.FullName;
    }
}
