using Distributed.Silo.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Distributed.Silo.Tests.Dashboard;

/// <summary>A silo by itself in this process, with a data folder and a port of its own.</summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;

    private DashboardServer(WebApplication app, string folder)
    {
        (_app, _folder) = (app, folder);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public Uri Address => Http.BaseAddress!;

    public static async Task<DashboardServer> StartAsync(params (string Name, string Value)[] settings)
    {
        string folder = Directory.CreateTempSubdirectory("dashboard").FullName;
        string[] arguments = [.. new[] { ("data", Path.Combine(folder, "data")), ("http-port", "0") }.Concat(settings)
            .SelectMany(setting => new[] { $"--{setting.Item1}", setting.Item2 })];
        WebApplication app = SiloBuild.Build(SiloSettings.Read(arguments, new Dictionary<string, string?>()));
        await app.StartAsync();
        return new DashboardServer(app, folder);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
