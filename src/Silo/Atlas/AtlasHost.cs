using System.Globalization;
using System.Net;
using Distributed.Engine;
using Distributed.Engine.Atlas;
using Distributed.Silo.Access;

namespace Distributed.Silo.Atlas;

/// <summary>Serves the atlas of one job's files on this machine, until it is told to stop: what <c>attend atlas</c> starts.</summary>
public static class AtlasHost
{
    private const int BadInput = 2;

    /// <summary>Runs it.</summary>
    /// <param name="args">The file or folder, the port, compute threads, and MiB that tiles may take.</param>
    /// <returns>The process's exit code: 0 after a clean stop, 2 when something cannot be used.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        try
        {
            if (args is not [var path, var port, var threads, var mebibytes])
                throw new InputException("atlas FILE PORT THREADS MIB is expected.");
            long bytes = (long)Number(mebibytes, "Memory", 64, 1 << 20) << 20;
            var options = new AtlasOptions
            {
                Threads = Number(threads, "Threads", 1, 1024),
                OverviewBytes = bytes / 4 * 3,
                CacheBytes = bytes / 4,
            };
            await using WebApplication app = Build(path, Number(port, "Port", 1, 65_535), options);
            await app.RunAsync();
            return 0;
        }
        catch (InputException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return BadInput;
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return BadInput;
        }
    }

    /// <summary>Puts the server together.</summary>
    public static WebApplication Build(string path, int port, AtlasOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddProblemDetails();
        builder.Services.AddSingleton(new OpenAtlases(new OneFile(path), options));
        WebApplication app = builder.Build();
        app.UseMiddleware<LocalCallersOnly>();
        app.MapGet("/", () => Results.Redirect("/atlas/file"));
        app.MapAtlas();
        return app;
    }

    private static int Number(string text, string what, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw new InputException($"{what} '{text}' is out of range; {least} to {most} is expected.");

    private sealed class OneFile(string path) : IAtlasJobs
    {
        public Task<Func<AtlasSubject>?> FindAsync(string job) =>
            Task.FromResult<Func<AtlasSubject>?>(job == "file" ? () => AtlasSubject.Open(path) : null);
    }
}
