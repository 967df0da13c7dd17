using System.Diagnostics;

namespace Distributed.Cli.Tests.Process;

/// <summary>Runs the real command in a process of its own, in a folder of its own.</summary>
internal sealed class Attend : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The folder that relative paths start from; it is gone with this.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("attend-").FullName;

    /// <summary>Variables that it gets beside those of this process.</summary>
    public IReadOnlyList<(string Name, string Value)> Environment { get; init; } = [];

    /// <summary>A path in the folder.</summary>
    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>What is in the folder, by name.</summary>
    public IEnumerable<string> Files => Directory.EnumerateFileSystemEntries(Folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal);

    /// <summary>Starts the command without waiting for it.</summary>
    public System.Diagnostics.Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "attend.dll"));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in Environment)
            start.Environment[name] = value;
        System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Runs the command to its end.</summary>
    public async Task<Outcome> RunAsync(params string[] arguments)
    {
        using System.Diagnostics.Process process = Start(arguments);
        return await EndAsync(process, string.Join(' ', arguments));
    }

    /// <summary>Waits for the end of a started command.</summary>
    public static async Task<Outcome> EndAsync(System.Diagnostics.Process process, string what)
    {
        using var timeout = new CancellationTokenSource(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'attend {what}' did not end within {Patience}.");
        }
        return new Outcome(process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>How a command ended.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>It must have ended well.</summary>
    public Outcome Succeeded()
    {
        Assert.True(ExitCode == 0, $"Exit code 0 was expected, {ExitCode} came: {Error}");
        return this;
    }
}
