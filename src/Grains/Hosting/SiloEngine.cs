using System.Collections.Concurrent;
using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Grains.Blocks;
using Distributed.Grains.Jobs;
using Distributed.Grains.Silos;
using Distributed.Grains.Tiles;
using Distributed.Kernels.Devices;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Hosting;

/// <summary>
/// What a silo has once: compute threads, the tile cache and the way to other silos' tiles, its open jobs, and the blocks
/// it computes.
/// </summary>
public sealed partial class SiloEngine : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, Lazy<OpenJob>> _jobs = [];
    private readonly ConcurrentDictionary<Guid, int> _epochs = [];
    private readonly ConcurrentDictionary<string, BlockAttempt> _blocks = [];
    private readonly TileCache _cache;
    private readonly TileExchange _exchange;
    private readonly ITileTransport _transport;
    private readonly TcpTileServer? _server;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;

    /// <summary>Starts the threads and the tile server.</summary>
    public SiloEngine(string name, ClusterEngineOptions options, Func<ITileTransport> inBand, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(inBand);
        options.Validate();
        Name = name;
        Options = options;
        _logs = logs;
        _log = logs.CreateLogger<SiloEngine>();
        Store = new JobStore(options.DataFolder);
        Pool = new ComputePool(options.Threads);
        _cache = new TileCache(options.TileCacheBytes);
        _transport = options.Transport == TileTransportKind.Tcp ? new TcpTileTransport(options.Secret, options.Tls) : inBand();
        _exchange = new TileExchange(_cache, _transport, new TileLimits(), TimeProvider.System);
        if (options.Transport == TileTransportKind.Tcp)
            _server = new TcpTileServer(options.TileEndpoint, options.Secret, _exchange, logs.CreateLogger<TcpTileServer>(), options.Tls);
        if (options.Tls is { } tls)
            tls.Refused = why => LogRefused(logs.CreateLogger<SiloTls>(), why);
        Device = FindDevice(Names.Device(options.Device), _log);
        Speed = new Lazy<Task<double>>(() => CapacityProbe.MeasureAsync(Pool, Device));
    }

    /// <summary>The silo's options.</summary>
    public ClusterEngineOptions Options { get; }

    /// <summary>The records of jobs.</summary>
    public JobStore Store { get; }

    /// <summary>The silo's compute threads.</summary>
    public ComputePool Pool { get; }

    /// <summary>The device that folds tiles; null = the CPU.</summary>
    public AttentionDevice? Device { get; }

    /// <summary>The silo's name.</summary>
    public string Name { get; }

    /// <summary>Where this silo gives out tiles, as <c>host:port</c>; empty when they travel in grain calls.</summary>
    public string TileEndpoint => _server?.Endpoint.ToString() ?? "";

    /// <summary>What this silo gives to others.</summary>
    public ITileShelf Shelf => _exchange;

    /// <summary>Where its tiles came from.</summary>
    public TileTraffic Traffic => _exchange.Traffic;

    /// <summary>Measured (query, key) pairs a second, of heads of 64 elements; measured once.</summary>
    public Lazy<Task<double>> Speed { get; }

    /// <summary>What it does now.</summary>
    public SiloLoad Load => new(
        Name, EngineStatus.Now(), Options.BlocksAtOnce, _blocks.Values.Count(block => !block.Ended.IsCompleted), _jobs.Count,
        Speed.IsValueCreated && Speed.Value.IsCompletedSuccessfully ? Speed.Value.Result : null);

    /// <summary>Opens a job, so that this silo gives out its tiles. Once is enough; again does nothing.</summary>
    /// <exception cref="SupersededException">A later coordinator has opened it.</exception>
    public void Open(JobTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        if (_epochs.AddOrUpdate(ticket.Job, ticket.Epoch, (_, known) => Math.Max(known, ticket.Epoch)) > ticket.Epoch)
            throw new SupersededException($"Job {ticket.Job} has a later coordinator than {ticket.Epoch}.");
        Lazy<OpenJob> job = _jobs.GetOrAdd(
            ticket.Job, _ => new Lazy<OpenJob>(() => OpenJob.Open(
                ticket, _exchange, Options, Store, Device, note => LogPassedOver(_log, ticket.Job, note))));
        try
        {
            _ = job.Value;
        }
        catch
        {
            _jobs.TryRemove(new KeyValuePair<Guid, Lazy<OpenJob>>(ticket.Job, job));
            throw;
        }
    }

    /// <summary>Stops a job's blocks and gives its memory and files back.</summary>
    public async Task CloseAsync(Guid job)
    {
        foreach ((string key, BlockAttempt block) in BlocksOf(job))
        {
            await block.StopAsync(saves: false).ConfigureAwait(false);
            Forget(key);
        }
        if (_jobs.TryRemove(job, out Lazy<OpenJob>? open) && open.IsValueCreated)
            open.Value.Close();
    }

    /// <summary>The jobs that are open here.</summary>
    public IReadOnlyCollection<Guid> OpenJobs => [.. _jobs.Keys];

    /// <summary>Ends what is under way from a silo that has been declared dead.</summary>
    public void Bury(string silo) => (_transport as TcpTileTransport)?.Bury(silo);

    /// <summary>Begins an attempt of a block. Again with the same key does nothing.</summary>
    internal BlockAttempt Begin(string key, BlockAssignment assignment)
    {
        Open(assignment.Ticket);
        return _blocks.GetOrAdd(key, _ => new BlockAttempt(this, assignment, _logs.CreateLogger<BlockAttempt>()));
    }

    internal BlockAttempt? Find(string key) => _blocks.GetValueOrDefault(key);

    internal IReadOnlyCollection<KeyValuePair<string, BlockAttempt>> BlocksOf(Guid job) =>
        [.. _blocks.Where(pair => pair.Value.Assignment.Ticket.Job == job)];

    /// <summary>Forgets an attempt that has ended.</summary>
    internal void Forget(string key) => _blocks.TryRemove(key, out _);

    /// <summary>The open job, to be disposed after use.</summary>
    internal OpenJob Use(Guid job) =>
        _jobs.TryGetValue(job, out Lazy<OpenJob>? open) && open.Value.TryUse()
            ? open.Value
            : throw new OperationCanceledException($"Job {job} is not open here.");

    private static AttentionDevice? FindDevice(DeviceChoice choice, ILogger log)
    {
        DeviceSearch search = DeviceLookup.Find(choice);
        string found = DeviceLookup.Describe(search);
        LogDevice(log, found);
        return search.Device;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Found}")]
    private static partial void LogDevice(ILogger log, string found);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job}: {Note}")]
    private static partial void LogPassedOver(ILogger log, Guid job, string note);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Guid job in _jobs.Keys)
            await CloseAsync(job).ConfigureAwait(false);
        if (_server is not null)
            await _server.DisposeAsync().ConfigureAwait(false);
        if (_transport is IAsyncDisposable transport)
            await transport.DisposeAsync().ConfigureAwait(false);
        _cache.Dispose();
        Pool.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A certificate was refused: {Why}")]
    private static partial void LogRefused(ILogger log, string why);
}
