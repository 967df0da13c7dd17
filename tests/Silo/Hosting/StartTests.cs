using System.Diagnostics;
using Distributed.Silo.Access;

namespace Distributed.Silo.Tests.Hosting;

/// <summary>A server that cannot begin says why in one sentence.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_data_folder_of_another_server_is_refused()
    {
        await using TestSilo first = await TestSilo.StartAsync(_folder);

        Assert.Contains("belongs to another server", await RefusedAsync("--data", first.Data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_not_said_to_be_anothers()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "data", "lock"));

        Assert.Contains("cannot be used", await RefusedAsync("--data", Path.Combine(_folder, "data")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_this_machine_does_not_have_is_refused()
    {
        string keys = Path.Combine(_folder, "keys");
        KeyRing.Add(keys, new Caller("one", Role.Read));

        Assert.Contains("--listen", await RefusedAsync("--data", Path.Combine(_folder, "data"), "--listen", "192.0.2.1", "--keys", keys), StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(params string[] arguments)
    {
        // artifacts/bin/Silo.Tests/debug beside artifacts/bin/Silo/debug
        string here = AppContext.BaseDirectory.TrimEnd('/');
        using Process server = Process.Start(new ProcessStartInfo(
            Path.Combine(here, "..", "..", "Silo", Path.GetFileName(here), "Distributed.Silo"), [.. arguments, "--http-port", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> logged = server.StandardOutput.ReadToEndAsync(), said = server.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await server.WaitForExitAsync(late.Token);
        string sentence = await said;
        Assert.True(server.ExitCode == 2, $"The server ended with {server.ExitCode}: {sentence}{await logged}");
        Assert.True(sentence.TrimEnd().Split('\n').Length == 1, $"One sentence was expected: {sentence}");
        return sentence;
    }
}
