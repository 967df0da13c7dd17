using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Distributed.Silo.Tests.Walks;

/// <summary><c>attend atlas</c>, as a process of its own with the server that it starts.</summary>
public sealed class AtlasCommandTests : IDisposable
{
    private const int Rows = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Moment = TimeSpan.FromMilliseconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("atlas-command-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_finished_job_is_served_until_it_is_told_to_end()
    {
        await WriteJobAsync("--causal", "--lse");
        using Process command = Process.Start(AttendProgram.In(_folder, "atlas", "out.safetensors"))!;
        string address = await command.StandardOutput.ReadLineAsync().WaitAsync(Patience)
            ?? throw new InvalidOperationException($"An address was expected: {await command.StandardError.ReadToEndAsync()}");
        using var http = new HttpClient();
        Assert.Contains("<html", await http.GetStringAsync(address), StringComparison.Ordinal);
        JsonElement about = await ReadyAsync(http, address);
        Assert.Equal(Rows, about.GetProperty("rows").GetInt64());
        float[] tile = MemoryMarshal.Cast<byte, float>(await http.GetByteArrayAsync($"{address}/tiles/0.0/0/0/0.f32")).ToArray();
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(1, tile.AsSpan(row * 256, row + 1).ToArray().Sum(weight => (double)weight), 1e-5);
            Assert.All(tile.AsSpan(row * 256 + row + 1, 256 - row - 1).ToArray(), weight => Assert.Equal(0, weight));
        }

        using (Process kill = Process.Start("kill", ["-TERM", $"{command.Id}"]))
            await kill.WaitForExitAsync();
        await EndedAsync(command);
        Assert.Equal(0, command.ExitCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(address));
    }

    [Theory]
    [InlineData("nothing.safetensors", "nothing.safetensors")]
    [InlineData("in.safetensors", "in.safetensors")]
    [InlineData("out.safetensors --port 0", "Port 0")]
    [InlineData("out.safetensors --port 70000", "Port 70000")]
    [InlineData("out.safetensors --threads 0", "Threads 0")]
    [InlineData("out.safetensors --memory 5", "Memory 5")]
    [InlineData("out.safetensors --memory much", "much")]
    public async Task What_cannot_be_shown_is_refused_in_one_sentence(string arguments, string named)
    {
        await WriteJobAsync("--lse");
        string error = await RefusedAsync(["atlas", .. arguments.Split(' ')]);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inputs_that_are_gone_or_are_others_now_are_named()
    {
        await WriteJobAsync("--lse");
        await File.WriteAllBytesAsync(Path.Combine(_folder, "in.safetensors"), TestTensors.Qkv(1, Rows, 8, seed: 2));
        Assert.Contains("was not made from these inputs", await RefusedAsync(["atlas", "out.safetensors"]), StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "in.safetensors"));
        Assert.Contains("in.safetensors", await RefusedAsync(["atlas", "out.safetensors"]), StringComparison.Ordinal);
    }

    private async Task WriteJobAsync(params string[] options)
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, "in.safetensors"), TestTensors.Qkv(1, Rows, 8));
        (int code, _, string error) = await EndAsync(["run", "in.safetensors", "-o", "out.safetensors", .. options]);
        Assert.True(code == 0, error);
    }

    private async Task<string> RefusedAsync(string[] arguments)
    {
        (int code, string output, string error) = await EndAsync(arguments);
        Assert.True(code == 2, $"Exit code 2 was expected of '{string.Join(' ', arguments)}', {code} came: {output}{error}");
        Assert.Equal("", output);
        Assert.Single(error.TrimEnd().Split('\n'));
        return error;
    }

    private async Task<(int Code, string Output, string Error)> EndAsync(string[] arguments)
    {
        using Process command = Process.Start(AttendProgram.In(_folder, arguments))!;
        Task<string> output = command.StandardOutput.ReadToEndAsync(), error = command.StandardError.ReadToEndAsync();
        await EndedAsync(command);
        return (command.ExitCode, await output, await error);
    }

    private static async Task EndedAsync(Process command)
    {
        try
        {
            await command.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            command.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static async Task<JsonElement> ReadyAsync(HttpClient http, string address)
    {
        DateTime late = DateTime.UtcNow + Patience;
        while (true)
        {
            JsonElement about = await http.GetFromJsonAsync<JsonElement>($"{address}/about");
            if (about.GetProperty("state").GetString() == "ready")
                return about;
            Assert.True(DateTime.UtcNow < late, $"The overview was not ready within {Patience}: {about}");
            await Task.Delay(Moment);
        }
    }
}
