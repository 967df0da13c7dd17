using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Telemetry;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Devices;

/// <summary>
/// A job's part of a device. Lanes hand it what they fold next; what the device passes on or fails at, they fold on the CPU
/// from the same states, so a job ends right whatever the device does.
/// </summary>
public sealed class DeviceWork : IDisposable
{
    /// <summary>Failures after which the job leaves the device alone.</summary>
    public const int MostFailures = 3;

    private readonly AttentionDevice _device;
    private readonly DeviceJob _job;
    private readonly Action<string>? _tells;
    private long _folds, _passedOn, _failures;
    private volatile string? _lastFailure;

    private DeviceWork(AttentionDevice device, DeviceJob job, Action<string>? tells) => (_device, _job, _tells) = (device, job, tells);

    /// <summary>What the device did so far.</summary>
    public DeviceReport Report => new(
        _job.Kernel, _job.SameBitsAsCpu, Interlocked.Read(ref _folds), Interlocked.Read(ref _passedOn), Interlocked.Read(ref _failures),
        _job.SpansUploaded, _lastFailure);

    /// <summary>Query rows of a lane, over the heads of its group, that keep the device busy.</summary>
    public int RowsWanted => _device.RowsWanted;

    /// <summary>Opens a job on the device of an option.</summary>
    /// <param name="choice">The device asked for.</param>
    /// <param name="plan">The job's plan.</param>
    /// <param name="input">The job's tensors.</param>
    /// <param name="tells">
    /// Told of what was found, why something was passed over, and what failed, in one sentence or two each; null = nobody. Failures
    /// come from any thread.
    /// </param>
    /// <returns>Null when the CPU is to do it all.</returns>
    /// <exception cref="InputException">
    /// A device was asked for by name, and it cannot be had, or cannot do the job. With <see cref="DeviceKind.Auto"/> the CPU does
    /// such a job.
    /// </exception>
    public static DeviceWork? Open(DeviceChoice choice, JobPlan plan, AttentionInput input, Action<string>? tells = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(input);
        DeviceSearch search = DeviceLookup.Find(choice);
        AttentionDevice? device = search.Device;
        foreach (string note in search.Notes)
            tells?.Invoke(note);
        if (choice.Kind == DeviceKind.Auto)
            return OpenIfFit(device, plan, input, tells);
        try
        {
            if (device is null || plan.Counts.Computed == 0)
                return null;
            return DeviceLimits.Refusal(plan) is { } refusal
                ? throw new InputException($"Device {choice} cannot do this job: {refusal}")
                : Open(device, plan, input, tells: tells);
        }
        catch (DeviceException error)
        {
            throw new InputException(error.Message, error);
        }
    }

    /// <summary>Opens a job on a device that a process has, where the device can do it.</summary>
    /// <param name="device">The device; null = none.</param>
    /// <param name="plan">The job's plan.</param>
    /// <param name="input">The job's tensors.</param>
    /// <param name="tells">Told why the device was passed over, and what failed, from any thread; null = nobody.</param>
    /// <param name="sameBits">Whether only a kernel with the bits of the CPU will do.</param>
    /// <returns>Null when the CPU is to do it all.</returns>
    public static DeviceWork? OpenIfFit(
        AttentionDevice? device, JobPlan plan, AttentionInput input, Action<string>? tells = null, bool sameBits = false)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(input);
        if (device is null || plan.Counts.Computed == 0)
            return null;
        if (DeviceLimits.Refusal(plan) is { } refusal)
        {
            tells?.Invoke($"Device {device.Name} cannot do this job, and the CPU does it: {refusal}");
            return null;
        }
        try
        {
            return Open(device, plan, input, sameBits, tells);
        }
        catch (DeviceException error)
        {
            tells?.Invoke($"The CPU does this job: {error.Message}");
            return null;
        }
    }

    /// <summary>Opens a job on a device that is at hand.</summary>
    /// <exception cref="DeviceException">The device has no room for it, or fails.</exception>
    internal static DeviceWork Open(AttentionDevice device, JobPlan plan, AttentionInput input, bool sameBits = false, Action<string>? tells = null) =>
        new(device, device.Open(ShapeOf(plan, input) with { SameBits = sameBits }), tells);

    /// <summary>Folds on the device.</summary>
    /// <param name="fold">The work.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Whether it did; if not, the states are as they were.</returns>
    internal bool TryFold(DeviceFold fold, CancellationToken cancellation)
    {
        if (Interlocked.Read(ref _failures) >= MostFailures)
            return false;
        try
        {
            bool done = _job.TryFold(fold, cancellation);
            Interlocked.Increment(ref done ? ref _folds : ref _passedOn);
            DeviceMetrics.Folded(done ? "device" : "passed_on");
            return done;
        }
        catch (DeviceException error)
        {
            long failures = Interlocked.Increment(ref _failures);
            _lastFailure = error.Message;
            DeviceMetrics.Folded("failed");
            _tells?.Invoke($"{error.Message.TrimEnd('.')}. {(failures < MostFailures ? "The CPU does that tile" : "The CPU does the rest of the job")}.");
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _job.Dispose();

    private static DeviceShape ShapeOf(JobPlan plan, AttentionInput input) => new(
        plan.Shape.KeyDim, plan.Shape.ValueDim, plan.KeyGrid.SpanRows, (long)plan.KeyGrid.Count * plan.Shape.Batch * plan.Shape.KeyHeads, plan.Scale,
        plan.Rows.Queries is null ? input.Queries.Type : ElementType.F32, plan.Rows.Keys is null ? input.Keys.Type : ElementType.F32,
        input.Values.Type, plan.Scores.HasStage);
}
