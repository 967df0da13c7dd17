using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Distributed.Engine;
using Distributed.Silo.Access;
using Distributed.Silo.Api;
using Distributed.Silo.Dashboard;
using Distributed.Silo.Http;
using Distributed.Silo.Storage;
using Distributed.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.RateLimiting;

namespace Distributed.Silo.Hosting;

/// <summary>Puts a silo together from its settings.</summary>
public static partial class SiloBuild
{
    private const int HeaderBytes = 32 << 10, MostConnections = 4096;

    // An atlas is looked at beside jobs, which have the machine.
    private static readonly Engine.Atlas.AtlasOptions AtlasShare = new() { OverviewBytes = 512L << 20, CacheBytes = 128L << 20 };
    private static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(15), IdleFor = TimeSpan.FromMinutes(2), StopsWithin = TimeSpan.FromSeconds(25);

    /// <summary>Puts it together.</summary>
    /// <exception cref="InputException">A setting cannot be used.</exception>
    public static WebApplication Build(SiloSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        AddLogs(builder);
        AddEndpoint(builder, settings);
        builder.AddTelemetry($"{settings.Listen}:{settings.HttpPort}");
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopsWithin);
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = RoutingProblems.Describe);
        builder.Services.AddExceptionHandler<Failures>();
        builder.Services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddApiDescription();
        var keys = new KeyRing(settings.Keys);
        builder.Services.AddAccess(keys);
        AddLimits(builder.Services, settings);
        builder.Services.AddSingleton(settings);
        AddData(builder.Services, settings);
        AddWork(builder, settings);

        WebApplication app = builder.Build();
        keys.Tells = why => LogKeysKept(app.Logger, why);
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        if (!keys.AsksForKeys)
            app.UseMiddleware<LocalCallersOnly>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.MapApi();
        app.MapDashboard();
        return app;
    }

    /// <summary>Makes the tables that a cluster needs in its database.</summary>
    /// <exception cref="InputException">It cannot be done.</exception>
    public static Task InitialiseClusterAsync(SiloSettings settings)
    {
#if HAS_ORLEANS
        return Cluster.ClusterBuild.InitialiseAsync(settings);
#else
        throw NoCluster();
#endif
    }

    private static void AddWork(WebApplicationBuilder builder, SiloSettings settings)
    {
        if (!settings.JoinsCluster)
        {
            Embedded.EmbeddedBuild.Add(builder, settings);
            return;
        }
#if HAS_ORLEANS
        Cluster.ClusterBuild.Add(builder, settings);
#else
        throw NoCluster();
#endif
    }

    private static void AddData(IServiceCollection services, SiloSettings settings)
    {
        var data = new DataFolder(settings.Data);
        data.Open();
        services.AddSingleton(data);
        services.AddSingleton(new Quota(data.Root, settings.QuotaBytes));
        services.AddSingleton<FileStorage>();
        services.AddSingleton<IStorage>(all => all.GetRequiredService<FileStorage>());
        services.AddSingleton(new Jobs.FileRoots(settings.FileRoots, data.Root));
        services.AddSingleton(all =>
        {
            IStorage storage = all.GetRequiredService<IStorage>();
            return new Jobs.JobSources(
                data, storage.FilesOf(StoredKind.Tensors).Store, storage.FilesOf(StoredKind.Documents).Store, all.GetRequiredService<Jobs.FileRoots>());
        });
        services.AddSingleton<Atlas.IAtlasJobs, Atlas.ServedJobs>();
        services.AddSingleton(all => new Atlas.OpenAtlases(all.GetRequiredService<Atlas.IAtlasJobs>(), AtlasShare));
        services.AddHealthChecks().AddCheck<QueueHealth>("queue", tags: [HealthRoutes.Ready]);
    }

    private static void AddLogs(WebApplicationBuilder builder)
    {
        // Of ASP.NET Core only warnings: its requests' paths hold names of documents.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Distributed", LogLevel.Information)
            .AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None)
            // Why a server cannot begin is told in a sentence (SiloHost).
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "HH:mm:ss.fff ", true));
    }

    private static void AddEndpoint(WebApplicationBuilder builder, SiloSettings settings)
    {
        X509Certificate2? certificate = Certificate(settings);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = HeadersWithin;
            kestrel.Limits.KeepAliveTimeout = IdleFor;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Listen(settings.Listen, settings.HttpPort, endpoint =>
            {
                if (certificate is not null)
                    endpoint.UseHttps(certificate);
            });
        });
        // Behind the server's own, which it replaces.
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, WideBlocks>();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The keys that were read before stay in use: {Why}")]
    private static partial void LogKeysKept(ILogger log, string why);

    private static X509Certificate2? Certificate(SiloSettings settings)
    {
        if (settings.TlsCertificate is not { } path)
            return null;
        try
        {
            return X509Certificate2.CreateFromPemFile(path, settings.TlsKey);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The certificate '{path}' with the key '{settings.TlsKey}' cannot be used: {error.Message}", error);
        }
    }

    private static void AddLimits(IServiceCollection services, SiloSettings settings) => services.AddRateLimiter(limits =>
    {
        limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limits.OnRejected = async (rejected, _) =>
        {
            rejected.HttpContext.Response.Headers.RetryAfter = "1";
            await Refusal.TooMany.Because($"{settings.UploadsAtOnce} uploads are under way, which is as many as may be at a time.").ExecuteAsync(rejected.HttpContext);
        };
        limits.AddConcurrencyLimiter(FileRoutes.UploadLimit, uploads =>
        {
            uploads.PermitLimit = settings.UploadsAtOnce;
            uploads.QueueLimit = settings.UploadsAtOnce;
            uploads.QueueProcessingOrder = QueueProcessingOrder.OldestFirst;
        });
    });

#if !HAS_ORLEANS
    private static InputException NoCluster() =>
        new("This build has no cluster: Orleans was not on the package feed when it was made (docs/building.md).");
#endif
}
