using System.Diagnostics;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Engine.Devices;

/// <summary>Measures how fast a device folds tiles.</summary>
public static unsafe class DeviceProbe
{
    private const int UnitRows = 128, Keys = 512, Dim = 64, Rounds = 16;

    // A GPU that had nothing to do runs at a fraction of its clock for a while.
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// (query, key) pairs a second, of heads of 64 elements, in the best of the folds that half a second has room for, one at least;
    /// null when the device fails at it.
    /// </summary>
    /// <param name="device">The device.</param>
    public static double? Measure(AttentionDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        int units = Math.Max(1, device.RowsWanted / UnitRows), steps = Math.Min(Rounds, units);
        using var rows = new NativeBuffer(Keys * Dim * sizeof(float));
        new Span<float>(rows.Floats, Keys * Dim).Fill(0.1f);
        using var numbers = new NativeBuffer((nuint)units * AttentionState.FloatsFor(UnitRows, Dim) * sizeof(float));
        TensorRows tensor = TensorRows.Dense(rows.Floats, Keys, Dim);
        var span = new DeviceSpan(0, 0, 0, () => tensor, () => tensor);
        var step = new DeviceStep(span, new MaskTile(0, 0, new RowRange(0, UnitRows), new RowRange(0, Keys)), Partial: false, default);
        var work = new DeviceUnit[units];
        for (int i = 0; i < units; i++)
        {
            AttentionState state = AttentionState.At(numbers.Floats + i * (nint)AttentionState.FloatsFor(UnitRows, Dim), UnitRows, Dim);
            state.Reset();
            work[i] = new DeviceUnit { Queries = tensor.Slice(0, UnitRows), State = state, Steps = [.. Enumerable.Repeat(step, steps)] };
        }
        try
        {
            using DeviceJob job = device.Open(
                new DeviceShape(Dim, Dim, Keys, 1, 0.125, ElementType.F32, ElementType.F32, ElementType.F32, Staged: false));
            // The first one compiles the kernels and uploads the span.
            job.TryFold(new DeviceFold(work[..1], MaskSet.None), CancellationToken.None);
            double fewest = double.PositiveInfinity;
            long began = Stopwatch.GetTimestamp();
            do
            {
                long started = Stopwatch.GetTimestamp();
                job.TryFold(new DeviceFold(work, MaskSet.None), CancellationToken.None);
                fewest = Math.Min(fewest, Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
            while (Stopwatch.GetElapsedTime(began) < Length);
            return (double)units * UnitRows * steps * Keys / fewest;
        }
        catch (DeviceException)
        {
            return null;
        }
    }
}
