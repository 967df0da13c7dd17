using System.Diagnostics;

namespace Distributed.Silo.Tests.Walks;

/// <summary><c>attend job</c> and <c>attend tensor</c>, as processes of their own, against a server.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("command-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Tensors_go_there_a_job_runs_and_its_result_comes_back()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await File.WriteAllBytesAsync(Path.Combine(_folder, "qkv.safetensors"), TestTensors.Qkv(2, 1200, 16));
        await File.WriteAllTextAsync(Path.Combine(_folder, "job.json"), """{"version":1,"input":"tensor:qkv.safetensors","causal":"top-left"}""");

        Assert.Contains("q F32 [1, 2, 1200, 16]", await RunAsync(silo, 0, "tensor", "put", "qkv.safetensors"), StringComparison.Ordinal);
        Assert.Contains("qkv.safetensors", await RunAsync(silo, 0, "tensor", "ls"), StringComparison.Ordinal);
        string id = (await RunAsync(silo, 0, "job", "submit", "job.json", "--name", "mine")).Trim();
        Assert.Contains("finished", await RunAsync(silo, 0, "job", "watch", id), StringComparison.Ordinal);
        Assert.Contains("mine", await RunAsync(silo, 0, "job", "list", "--state", "finished"), StringComparison.Ordinal);
        await RunAsync(silo, 0, "job", "fetch", id, "-o", "out.safetensors");
        await RunAsync(silo, 0, "run", "qkv.safetensors", "-o", "here.safetensors", "--causal");
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(_folder, "here.safetensors")), await File.ReadAllBytesAsync(Path.Combine(_folder, "out.safetensors")));
        await RunAsync(silo, 0, "tensor", "get", "qkv.safetensors", "-o", "back.safetensors");
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(_folder, "qkv.safetensors")), await File.ReadAllBytesAsync(Path.Combine(_folder, "back.safetensors")));
        await RunAsync(silo, 2, "job", "pause", id);
        Assert.Contains("Job 'none' is not an id", await RunAsync(silo, 2, "job", "watch", "none"), StringComparison.Ordinal);
        await RunAsync(silo, 0, "job", "rm", id);
        await RunAsync(silo, 0, "tensor", "rm", "qkv.safetensors");
        Assert.Contains("qkv.safetensors", await RunAsync(silo, 2, "tensor", "rm", "qkv.safetensors"), StringComparison.Ordinal);
        Assert.Contains("no reference", await RunAsync(silo, 2, "job", "submit", "-"), StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(TestSilo silo, int expected, params string[] arguments)
    {
        ProcessStartInfo start = AttendProgram.In(_folder, arguments);
        start.Environment["ATTEND_SERVER"] = silo.Http.BaseAddress!.ToString();
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync("""{"version":1,"input":"nothing"}""");
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token), error = process.StandardError.ReadToEndAsync(late.Token);
        await process.WaitForExitAsync(late.Token);
        Assert.True(process.ExitCode == expected, $"'attend {string.Join(' ', arguments)}' ended with {process.ExitCode}: {await output}{await error}");
        return await output + await error;
    }
}
