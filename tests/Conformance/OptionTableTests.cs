namespace Distributed.Conformance.Tests;

public sealed class OptionTableTests
{
    private const string Begin = "<!-- table of options and modes: generated -->", End = "<!-- end of the table -->";

    /// <summary>Every option in every mode is honoured or refused with a reason, and the page says which.</summary>
    [Fact]
    public async Task The_published_table_is_what_the_engine_does()
    {
        string folder = Directory.CreateTempSubdirectory("options-").FullName;
        try
        {
            string table = await OptionTable.MakeAsync(folder);
            string path = Path.Combine(Root(), "docs", "attention.md"), page = File.ReadAllText(path);
            int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = page.IndexOf(End, StringComparison.Ordinal);
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
