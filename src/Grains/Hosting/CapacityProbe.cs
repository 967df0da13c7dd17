using System.Diagnostics;
using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.Telemetry;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Grains.Hosting;

/// <summary>Measures how fast this process folds tiles, with all its compute threads at once.</summary>
internal static class CapacityProbe
{
    private const int Rows = 512;
    private const int Dim = 64;
    private static readonly TimeSpan Warming = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(400);

    /// <summary>(query, key) pairs a second, of heads of 64 elements. The machine's peak is measured beside it.</summary>
    /// <param name="pool">The compute threads.</param>
    /// <param name="device">The device that folds instead of them; null = none.</param>
    public static async Task<double> MeasureAsync(ComputePool pool, AttentionDevice? device)
    {
        await Task.Run(() => ComputeLoad.MeasurePeak(pool.Threads)).ConfigureAwait(false);
        if (device is not null && await Task.Run(() => DeviceProbe.Measure(device)).ConfigureAwait(false) is { } rate)
            return rate;
        await RunAsync(pool, Warming).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        long pairs = await RunAsync(pool, Length).ConfigureAwait(false);
        return pairs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<long> RunAsync(ComputePool pool, TimeSpan length)
    {
        long pairs = 0;
        await pool.RunAllAsync(Enumerable.Range(0, pool.Threads).Select(_ => (Action<ComputeScratch>)(
            scratch => Interlocked.Add(ref pairs, Fold(scratch, length))))).ConfigureAwait(false);
        return pairs;
    }

    private static unsafe long Fold(ComputeScratch scratch, TimeSpan length)
    {
        CpuKernel kernel = CpuKernels.Best;
        using var rows = new NativeBuffer(Rows * Dim * sizeof(float));
        new Span<float>(rows.Floats, Rows * Dim).Fill(0.1f);
        TensorRows tensor = TensorRows.Dense(rows.Floats, Rows, Dim);
        using var queries = new NativeBuffer(kernel.QueryBytes(Rows, Dim));
        using var keys = new NativeBuffer(kernel.KeyBytes(Rows, Dim));
        using var values = new NativeBuffer(kernel.ValueBytes(Rows, Dim));
        using var numbers = new NativeBuffer(AttentionState.FloatsFor(Rows, Dim) * sizeof(float));
        AttentionState state = AttentionState.At(numbers.Floats, Rows, Dim);
        state.Reset();
        PackedQueries q = kernel.PackQueries(tensor, 0.125, queries.Pointer);
        PackedKeys k = kernel.PackKeys(tensor, keys.Pointer);
        PackedValues v = kernel.PackValues(tensor, values.Pointer);
        byte* workspace = scratch.Workspace(kernel.WorkspaceBytes(Dim, Dim));
        long pairs = 0;
        for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < length; pairs += Rows * Rows)
            kernel.Fold(q, k, v, null, state, workspace);
        return pairs;
    }
}
