using System.Diagnostics;
using System.Net;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tiles;
using Distributed.Grains.Tiles;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Simulator.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distributed.Simulator.Validation;

/// <summary>Measures what the model must know of this machine. Nothing of it comes from a run of silos.</summary>
internal static class MachineMeasure
{
    private const int BlocksAtOnce = 2;
    private const long PackedBytes = 512L << 20;
    private static readonly TimeSpan LinkTime = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Speed of a silo of one thread while so many are at work: it folds blocks as a silo does, two at a time, keeps their
    /// states, and packs every key span for itself.
    /// </summary>
    /// <param name="silos">Silos at work; where they are more than the processors, each has its share of one.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="dim">Elements of a head.</param>
    /// <param name="rows">Rows to measure with.</param>
    public static async Task<Speed> SpeedAsync(int silos, int heads, int dim, long rows)
    {
        var shape = new AttentionShape(1, heads, heads, rows, rows, dim, dim);
        using NativeBuffer numbers = Random((nuint)(heads * rows * dim));
        double full = await SecondsAsync(silos, shape, numbers, new AttentionOptions());
        double pairs = (double)heads * rows * rows / full;
        var causal = new AttentionOptions { Causal = CausalAlignment.TopLeft };
        double half = await SecondsAsync(silos, shape, numbers, causal);
        JobPlan plan = JobPlan.Create(shape, causal);
        PairCounts counts = plan.PairsIn(new SpanRectangle(0, plan.QueryGrid.Count, 0, plan.KeyGrid.Count));
        return new Speed(pairs, (half * pairs / heads - counts.Full) / counts.Partial);
    }

    /// <summary>
    /// Bytes a second over one tile stream on the loopback interface, the processor time of a byte at each end, and the time of a
    /// message.
    /// </summary>
    public static async Task<(double BytesPerSecond, double SecondsPerByte, TimeSpan Latency)> LinkAsync()
    {
        byte[] secret = "a secret for a measurement"u8.ToArray();
        await using var server = new TcpTileServer(
            new IPEndPoint(IPAddress.Loopback, 0), secret, new Shelf(), NullLogger<TcpTileServer>.Instance);
        await using var transport = new TcpTileTransport(secret);
        var peer = new TilePeer("here", server.Endpoint.ToString());
        var job = Guid.NewGuid();
        await FetchAsync(transport, peer, job, parts: 64);
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        (long started, int parts) = (Stopwatch.GetTimestamp(), 0);
        for (; Stopwatch.GetElapsedTime(started) < LinkTime; parts += 64)
            await FetchAsync(transport, peer, job, parts: 64);
        double bytes = parts * (double)TileLayout.PartBytes;
        double perSecond = bytes / Stopwatch.GetElapsedTime(started).TotalSeconds;
        double perByte = (Environment.CpuUsage.TotalTime - processor).TotalSeconds / bytes / 2;
        started = Stopwatch.GetTimestamp();
        const int Asks = 200;
        for (int ask = 0; ask < Asks; ask++)
            await transport.FetchAsync(peer, new TilePart(job, 0, Shelf.Nothing, ask), TileAsk.Neighbour, Memory<byte>.Empty, default);
        return (perSecond, perByte, Stopwatch.GetElapsedTime(started) / Asks / 2);
    }

    /// <summary>Bytes a second to a file that is forced to disk.</summary>
    public static double DiskBytesPerSecond()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] bytes = new byte[64 << 20];
            System.Random.Shared.NextBytes(bytes);
            long started = Stopwatch.GetTimestamp();
            using FileStream file = File.Create(path);
            file.Write(bytes);
            file.Flush(flushToDisk: true);
            return bytes.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task FetchAsync(TcpTileTransport transport, TilePeer peer, Guid job, int parts)
    {
        int underWay = new TileLimits().PartsUnderWay;
        var buffers = Enumerable.Range(0, underWay).Select(_ => new byte[TileLayout.PartBytes]).ToArray();
        await Task.WhenAll(buffers.Select(async (buffer, lane) =>
        {
            for (int part = lane; part < parts; part += underWay)
                await transport.FetchAsync(peer, new TilePart(job, 0, 0, part), TileAsk.Owner, buffer, default);
        }));
    }

    private static async Task<double> SecondsAsync(int silos, AttentionShape shape, NativeBuffer numbers, AttentionOptions options)
    {
        HeadTensor tensor = Tensor(shape, numbers);
        var input = new AttentionInput(tensor, tensor, tensor);
        JobPlan plan = JobPlan.Create(shape, options with
        {
            Blocks = JobPlanner.Blocks(shape, ElementType.F32, ElementType.F32, options.Blocks, silos * BlocksAtOnce),
        });
        var times = new List<double>();
        for (int run = 0; run < 3; run++)
        {
            long started = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => Task.Run(() => FoldAsync(plan, input))));
            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return times.Order().ElementAt(1);
    }

    /// <summary>What the compute thread of a silo does for a job.</summary>
    private static async Task FoldAsync(JobPlan plan, AttentionInput input)
    {
        using var pool = new ComputePool(1);
        using var packed = new PackedSpanCache(CpuKernels.Best, PackedBytes);
        var context = new LaneContext(plan, input, CpuKernels.Best, packed, new NoSink()) { KeepStates = true };
        int rowsPerLane = JobPlanner.RowsPerLane(plan, pool.Threads);
        await Parallel.ForEachAsync(plan.Blocks, new ParallelOptions { MaxDegreeOfParallelism = BlocksAtOnce }, async (block, cancellation) =>
        {
            using var worker = new BlockWorker(context, block, rowsPerLane);
            await BlockRun.ToEndAsync(worker, new StoreTileSource(input, plan), pool, (IBlockWatch<BlockWorker>?)null, cancellation);
        });
    }

    private static unsafe HeadTensor Tensor(in AttentionShape shape, NativeBuffer numbers) => HeadTensor.Dense(
        (nint)numbers.Pointer, ElementType.F32, HeadLayout.Bhsd, shape.Batch, shape.KeyHeads, shape.KeyRows, shape.KeyDim);

    private static unsafe NativeBuffer Random(nuint count)
    {
        var buffer = new NativeBuffer(count * sizeof(float));
        var random = new Random(1);
        for (nuint i = 0; i < count; i++)
            buffer.Floats[i] = random.NextSingle() * 2 - 1;
        return buffer;
    }

    /// <summary>Rows that are thrown away.</summary>
    private sealed class NoSink : IAttentionSink
    {
        public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp)
        {
        }
    }

    /// <summary>Has every part but those of one block.</summary>
    private sealed class Shelf : ITileShelf
    {
        public const int Nothing = 1;

        public TileAnswer TryRead(TilePart part, TileAsk ask, bool busy, Span<byte> destination) =>
            part.Block == Nothing ? TileAnswer.NotHere : TileAnswer.Gives(TileLayout.PartBytes);
    }
}
