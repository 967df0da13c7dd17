using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Distributed.Cluster.Tests.Options;
using Distributed.Engine.Jobs;

namespace Distributed.Cluster.Tests;

/// <summary>A user's way: <c>attend cluster up</c>, and jobs that are run there instead of here.</summary>
public sealed partial class CommandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("command").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_cluster_that_is_up_takes_jobs_and_documents_and_stops_when_told()
    {
        TestJob job = await TestJob.CreateAsync(
            _folder, "job",
            new OptionJob("job") { Shape = new AttentionShape(1, 2, 1, 5000, 5000, 16, 16), Options = new() { Causal = CausalAlignment.TopLeft } });
        await File.WriteAllLinesAsync(
            Path.Combine(_folder, "book.txt"), Enumerable.Range(0, 3000).Select(i => $"Verse {i % 1500} tells of {i % 1500 * 7919} and {i * 31} more."));
        using Process cluster = Start("cluster", "up", "--silos", "2", "--threads", "1", "--port", $"{FreePorts(2)}");
        try
        {
            string silos = await AddressesAsync(cluster);

            string output = Path.Combine(_folder, "there.safetensors");
            await RunAsync("run", job.To(output).Inputs.Together!, "-o", output, "--causal", "--lse", "--cluster", silos);
            await RunAsync("run", job.To(output).Inputs.Together!, "-o", "here.safetensors", "--causal", "--lse");
            await RunAsync("document", "book.txt", "-o", "there", "--cluster", silos);
            await RunAsync("document", "book.txt", "-o", "here");

            SameBytes("there.safetensors", "here.safetensors");
            foreach (string file in new[] { "links.json", "attention.png", "embeddings.safetensors", "report.html" })
                SameBytes(Path.Combine("there", file), Path.Combine("here", file));
            Assert.Equal(4, Directory.GetFileSystemEntries(Path.Combine(_folder, "there")).Length);
        }
        finally
        {
            Processes.Signal(cluster.Id, Processes.Terminate);
        }
        using var late = new CancellationTokenSource(Patience);
        await cluster.WaitForExitAsync(late.Token);
        Assert.Equal(0, cluster.ExitCode);
    }

    [Fact]
    public async Task A_cluster_refuses_what_this_process_refuses_with_the_same_exit_code()
    {
        using Process cluster = Start("cluster", "up", "--silos", "1", "--threads", "1", "--port", $"{FreePorts(1)}");
        try
        {
            string silos = await AddressesAsync(cluster);

            (int code, string said) = await EndAsync(Start("run", "missing.safetensors", "-o", "out.safetensors", "--cluster", silos));

            Assert.Equal(2, code);
            Assert.Contains("missing.safetensors", said, StringComparison.Ordinal);
        }
        finally
        {
            Processes.Signal(cluster.Id, Processes.Terminate);
            using var late = new CancellationTokenSource(Patience);
            await cluster.WaitForExitAsync(late.Token);
        }
    }

    private static int FreePorts(int count)
    {
        int first;
        do
        {
            first = SiloProcess.FreePort();
        }
        while (first + count > 65_000);
        return first;
    }

    private static async Task<string> AddressesAsync(Process cluster)
    {
        using var late = new CancellationTokenSource(Patience);
        var said = new StringBuilder();
        while (await cluster.StandardOutput.ReadLineAsync(late.Token) is { } line)
        {
            said.AppendLine(line);
            if (Submit().Match(line) is { Success: true } submit)
                return submit.Groups[1].Value;
        }
        Assert.Fail($"The cluster ended before it was up; it said: {said}{await cluster.StandardError.ReadToEndAsync(late.Token)}");
        return "";
    }

    private async Task RunAsync(params string[] arguments)
    {
        (int code, string said) = await EndAsync(Start(arguments));
        Assert.True(code == 0, $"'attend {string.Join(' ', arguments)}' ended with {code}: {said}");
    }

    private static async Task<(int Code, string Said)> EndAsync(Process process)
    {
        using var late = new CancellationTokenSource(Patience);
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token), error = process.StandardError.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, await output + await error);
        }
    }

    private Process Start(params string[] arguments)
    {
        // artifacts/bin/Cluster.Tests/debug beside artifacts/bin/Cli/debug
        string here = AppContext.BaseDirectory.TrimEnd('/');
        return Process.Start(new ProcessStartInfo(Path.Combine(here, "..", "..", "Cli", Path.GetFileName(here), "attend"), arguments)
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private void SameBytes(string one, string other) => Assert.True(
        File.ReadAllBytes(Path.Combine(_folder, one)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(_folder, other))),
        $"{one} and {other} differ.");

    [GeneratedRegex("--cluster (.*)$")]
    private static partial Regex Submit();
}
