using Distributed.Engine.Devices;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Grains.Jobs;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;

namespace Distributed.Grains.Hosting;

/// <summary>A job as one silo sees it: its mapped input, its plan, and its tiles, which the silo gives to others.</summary>
internal sealed class OpenJob : IDisposable
{
    private readonly JobFiles _files;
    private readonly TileExchange.Job _tiles;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private int _users = 1;
    private bool _closed;

    private OpenJob(
        JobTicket ticket, FileJobSpecification specification, JobFiles files, JobPlan plan, TileExchange exchange, ClusterEngineOptions options,
        JobStore store, AttentionDevice? device, Action<string> tells)
    {
        Ticket = ticket;
        Specification = specification;
        _files = files;
        Plan = plan;
        Packed = new PackedSpanCache(CpuKernels.Best, options.PackedBytes);
        Places = new SemaphoreSlim(options.BlocksAtOnce);
        Device = DeviceWork.OpenIfFit(device, plan, files.Input, tells, ticket.UnlikeDevices);
        Sequential = plan.Mechanism.HasScores
            ? null
            : new SequentialRun(plan, files.Input, new MemoryBoard(store.MemoriesOf(ticket.Job), JobStore.KeyOf(ticket), plan), options.Threads);
        _tiles = exchange.Open(ticket.Job, TileLayout.Of(files.Input, plan), new StoreTileSource(files.Input, plan));
    }

    public JobTicket Ticket { get; }

    public FileJobSpecification Specification { get; }

    public JobFiles Files => _files;

    public JobPlan Plan { get; }

    public Distributed.Engine.Jobs.AttentionInput Input => _files.Input;

    public PackedSpanCache Packed { get; }

    /// <summary>The job's part of the silo's device; null = the CPU folds it all.</summary>
    public DeviceWork? Device { get; }

    public TileExchange.Job Tiles => _tiles;

    /// <summary>Blocks that may be computed at a time.</summary>
    public SemaphoreSlim Places { get; }

    /// <summary>Memories that pass from block to block; null where keys go to queries.</summary>
    public SequentialRun? Sequential { get; }

    /// <summary>Ends when the job is closed here.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Maps the job's input and plans it.</summary>
    /// <exception cref="Distributed.Engine.InputException">A file is not what it was when the job was taken on.</exception>
    /// <param name="ticket">The job.</param>
    /// <param name="exchange">Where its tiles are given out.</param>
    /// <param name="options">The silo's options.</param>
    /// <param name="store">The records of jobs.</param>
    /// <param name="device">The silo's device; null = none.</param>
    /// <param name="tells">Told why the device was passed over, and what failed there.</param>
    public static OpenJob Open(
        JobTicket ticket, TileExchange exchange, ClusterEngineOptions options, JobStore store, AttentionDevice? device, Action<string> tells)
    {
        FileJobSpecification specification = SpecificationDocument.Read(ticket.Specification);
        InputStamp.Check(specification.Inputs, ticket.InputStamp);
        JobFiles files = JobFiles.Open(specification);
        try
        {
            JobPlan plan = JobPlan.Create(files.Input, specification.Options with { Blocks = ticket.Blocks });
            return new OpenJob(ticket, specification, files, plan, exchange, options, store, device, tells);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the job open for one more user.</summary>
    public bool TryUse()
    {
        lock (_lock)
        {
            if (_closed)
                return false;
            _users++;
            return true;
        }
    }

    /// <summary>Ends the use of who opened it, and what others do with it.</summary>
    public void Close()
    {
        _closing.Cancel();
        Dispose();
    }

    /// <summary>Ends one use; with the last one the input is unmapped.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (--_users > 0)
                return;
            _closed = true;
        }
        _tiles.Dispose();
        Sequential?.Dispose();
        Packed.Dispose();
        _closing.Dispose();
        Places.Dispose();
        Device?.Dispose();
        _files.Dispose();
    }
}
