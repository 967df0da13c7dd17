using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Distributed.Silo.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Distributed.Silo.Tests;

/// <summary>A silo in this process, on a free port and with a data folder of its own.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly bool _ownsFolder;

    private TestSilo(WebApplication app, string folder, bool ownsFolder)
    {
        (App, Folder, _ownsFolder) = (app, folder, ownsFolder);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Patience };
    }

    public WebApplication App { get; }

    public HttpClient Http { get; }

    /// <summary>What is around the data folder: nothing but it may change.</summary>
    public string Folder { get; }

    public string Data => Path.Combine(Folder, "data");

    public static async Task<TestSilo> StartAsync(string? folder = null, params string[] settings)
    {
        bool owns = folder is null;
        folder ??= Directory.CreateTempSubdirectory("silo-").FullName;
        WebApplication app = SiloBuild.Build(SiloSettings.Read(
            ["--data", Path.Combine(folder, "data"), "--http-port", "0", .. settings], new Dictionary<string, string?>()));
        await app.StartAsync();
        return new TestSilo(app, folder, owns);
    }

    public async Task<JsonElement> JsonAsync(HttpMethod method, string path, HttpStatusCode expected, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        using HttpResponseMessage answer = await Http.SendAsync(request);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)expected} was expected, {(int)answer.StatusCode} came: {said}");
        return said.Length == 0 ? default : JsonDocument.Parse(said).RootElement;
    }

    public Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK) => JsonAsync(HttpMethod.Get, path, expected);

    public Task<JsonElement> PutAsync(string path, byte[] content, HttpStatusCode expected = HttpStatusCode.Created) =>
        JsonAsync(HttpMethod.Put, path, expected, new ByteArrayContent(content));

    public Task<JsonElement> PostAsync(string path, string json, HttpStatusCode expected = HttpStatusCode.Accepted) =>
        JsonAsync(HttpMethod.Post, path, expected, Json(json));

    public async Task<Guid> SubmitAsync(string specification, string query = "") =>
        (await PostAsync("v1/jobs" + query, specification)).GetProperty("id").GetGuid();

    /// <summary>Waits until a job is in one of some states.</summary>
    public async Task<JsonElement> UntilAsync(Guid job, params string[] states)
    {
        DateTime late = DateTime.UtcNow + Patience;
        while (true)
        {
            JsonElement now = await GetAsync($"v1/jobs/{job}");
            string state = now.GetProperty("state").GetString()!;
            if (states.Contains(state))
                return now;
            Assert.True(DateTime.UtcNow < late, $"The job was to become {string.Join(" or ", states)} within {Patience}; it is {now}");
            await Task.Delay(20);
        }
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }
}
