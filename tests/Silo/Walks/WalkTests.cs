using System.Diagnostics;

namespace Distributed.Silo.Tests.Walks;

/// <summary>The walks of docs/api.md are run as they stand there; only the server's address is another.</summary>
public sealed class WalkTests : IDisposable
{
    private const string Address = "http://127.0.0.1:8470";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("walk-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_walk_with_curl()
    {
        await using TestSilo silo = await TestSilo.StartAsync();

        string said = await RunAsync("bash", "-euo", "pipefail", "-c", Block("A walk with curl", "sh", silo));

        Assert.Contains("\"state\":\"finished\"", said, StringComparison.Ordinal);
        Assert.Contains("{", await File.ReadAllTextAsync(Path.Combine(_folder, "links.json")), StringComparison.Ordinal);
        Assert.Equal(100, new FileInfo(Path.Combine(_folder, "first-bytes")).Length);
        Assert.Empty((await silo.GetAsync("v1/jobs")).GetProperty("jobs").EnumerateArray());
    }

    [Fact]
    public async Task The_walk_with_Python()
    {
        await using TestSilo silo = await TestSilo.StartAsync();

        string said = await RunAsync("python3", "-c", Block("A walk with Python", "python", silo));

        Assert.Contains("finished 1", said, StringComparison.Ordinal);
        Assert.EndsWith("[1, 2, 3000, 32]\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_walk_with_NET()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        string before = Environment.CurrentDirectory;
        await File.WriteAllLinesAsync(Path.Combine(_folder, "book.txt"), Enumerable.Range(0, 300).Select(i => $"Line {i} tells of {i * 7} things."));

        await ClientWalk.RunAsync(silo.Http.BaseAddress!, _folder);

        Assert.True(File.Exists(Path.Combine(_folder, "links.json")));
        Assert.Equal(before, Environment.CurrentDirectory);
        Assert.Equal(Words(Block("A walk with .NET", "csharp", null)), Words(ClientWalk.Source));
    }

    /// <summary>The code of a heading, with the silo's address.</summary>
    private static string Block(string heading, string language, TestSilo? silo)
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "api.md"));
        string section = page[page.IndexOf($"## {heading}\n", StringComparison.Ordinal)..];
        string fence = $"```{language}\n";
        string code = section[(section.IndexOf(fence, StringComparison.Ordinal) + fence.Length)..];
        code = code[..code.IndexOf("```", StringComparison.Ordinal)];
        return silo is null ? code : code.Replace(Address, silo.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal);
    }

    /// <summary>Code without its line breaks and indentation.</summary>
    private static string[] Words(string code) => code.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{command} is not installed.");
            throw;
        }
        using (process)
        {
            using var late = new CancellationTokenSource(Patience);
            Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token), error = process.StandardError.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            Assert.True(process.ExitCode == 0, $"The walk ended with {process.ExitCode}: {await error}\n{await output}");
            return await output;
        }
    }

    internal static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("These tests read the checkout they were built in.");
    }
}
