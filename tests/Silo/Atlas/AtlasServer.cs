using System.Text.Json;
using Distributed.Engine.Atlas;
using Distributed.Silo.Atlas;
using Microsoft.AspNetCore.Builder;

namespace Distributed.Silo.Tests.Atlas;

/// <summary>A server of one atlas, ready to be looked at.</summary>
internal sealed class AtlasServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Moment = TimeSpan.FromMilliseconds(20);

    private readonly WebApplication _app;

    private AtlasServer(WebApplication app) => (_app, Client) = (app, new HttpClient { BaseAddress = new Uri(app.Urls.Single()) });

    public HttpClient Client { get; }

    public static async Task<AtlasServer> StartAsync(string path)
    {
        WebApplication app = AtlasHost.Build(path, port: 0, new AtlasOptions { FinestOverview = 1, Threads = 2 });
        await app.StartAsync();
        var server = new AtlasServer(app);
        using var late = new CancellationTokenSource(Patience);
        while (JsonDocument.Parse(await server.Client.GetStringAsync("/atlas/file/about")).RootElement.GetProperty("state").GetString() != "ready")
        {
            Assert.False(late.IsCancellationRequested, $"The overview was not ready within {Patience}.");
            await Task.Delay(Moment);
        }
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
