using System.Collections.Concurrent;
using Distributed.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>A job on a device: the slots that spans lie in, and sessions that fold.</summary>
internal sealed class FoldJob : DeviceJob
{
    private readonly IlgpuDevice _device;
    private readonly BlockingCollection<FoldSession> _sessions = [];
    private readonly List<FoldSession> _all = [];
    private readonly SpanSlots _slots;
    private readonly int _slotsPerFold;
    private readonly string _kernel;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> _keys;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense>? _values;

    /// <summary>Takes memory for the job: for as many folds at a time, and as many spans, as the device has room for.</summary>
    /// <param name="device">The device.</param>
    /// <param name="sizes">The job's sizes.</param>
    /// <param name="kernel">Name of the kernel.</param>
    /// <param name="sameBits">Whether its bits are those of the CPU.</param>
    /// <param name="newSession">Makes a session.</param>
    /// <exception cref="DeviceException">It has no room for one fold.</exception>
    public FoldJob(IlgpuDevice device, FoldSizes sizes, string kernel, bool sameBits, Func<FoldSession> newSession)
    {
        (_device, _kernel, SameBitsAsCpu) = (device, kernel, sameBits);
        DeviceShape shape = sizes.Shape;
        long fold = sizes.FoldBytes(device.RowsWanted + shape.SpanRows, device.Groups);
        int sessions = (int)Math.Clamp((device.MemoryBytes / 2 - sizes.SlotBytes) / Math.Max(1, fold), 1, device.MostSessions);
        long slots = (device.MemoryBytes - sessions * fold) / sizes.SlotBytes;
        if (slots < sessions)
        {
            throw new DeviceException(
                $"Device {device.Name} has {device.MemoryBytes >> 20} MiB for jobs, and the smallest piece of this one takes {(fold + sizes.SlotBytes) >> 20} MiB.");
        }
        slots = Math.Min(slots, Math.Max(sessions, shape.Spans));
        _slots = new SpanSlots(checked((int)slots));
        _slotsPerFold = Math.Max(1, _slots.Count / sessions);
        _keys = device.Call(() => device.Accelerator.Allocate1D<byte>(slots * sizes.SlotKeyBytes));
        try
        {
            _values = device.Call(() => device.Accelerator.Allocate1D<byte>(slots * sizes.SlotValueBytes));
            for (int i = 0; i < sessions; i++)
                _all.Add(device.Call(newSession));
        }
        catch
        {
            Dispose();
            throw;
        }
        _all.ForEach(_sessions.Add);
    }

    /// <inheritdoc/>
    public override string Kernel => $"{_device.Name}, {_kernel}";

    /// <inheritdoc/>
    public override bool SameBitsAsCpu { get; }

    /// <inheritdoc/>
    public override long SpansUploaded => _slots.Uploaded;

    /// <inheritdoc/>
    public override bool TryFold(DeviceFold fold, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(fold);
        if (!fold.Units.All(unit => FiniteScan.AllFinite(unit.Queries)))
            return false;
        FoldSession session = _sessions.Take(cancellation);
        try
        {
            return _device.Call(() => Run(session, fold, cancellation));
        }
        finally
        {
            _sessions.Add(session, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _device.CallQuietly(() =>
        {
            _all.ForEach(session => session.Dispose());
            _keys.Dispose();
            _values?.Dispose();
        });
        _sessions.Dispose();
    }

    private bool Run(FoldSession session, DeviceFold fold, CancellationToken cancellation)
    {
        session.Begin(fold);
        long seen = 0;
        var walk = new StepWalk(fold.Units, _slotsPerFold);
        while (walk.Next() is { } pass)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!TryRun(session, pass, out long pairs))
                return false;
            seen += pairs;
        }
        session.End();
        fold.PairsSeen = seen;
        return true;
    }

    private bool TryRun(FoldSession session, StepWalk.Pass pass, out long pairs)
    {
        pairs = 0;
        var rented = new Dictionary<(int, int, int), SpanSlots.Slot>();
        var toFill = new List<(DeviceSpan Span, SpanSlots.Slot Slot)>();
        int filled = 0;
        try
        {
            foreach (DeviceSpan span in pass.Spans)
            {
                SpanSlots.Slot slot = _slots.Rent(span, out bool mustFill);
                rented.Add((span.Batch, span.KeyHead, span.KeySpan), slot);
                if (mustFill)
                    toFill.Add((span, slot));
            }
            session.Fill(
                [.. toFill.Select(fill => (fill.Span, fill.Slot.Index))], _keys.View.AsContiguous(), _values!.View.AsContiguous(), (i, finite) =>
                {
                    filled++;
                    SpanSlots.Filled(toFill[i].Slot, finite);
                });
            bool finite = true;
            foreach (SpanSlots.Slot slot in rented.Values)
                finite &= slot.Await();
            return finite && session.TryRun(
                pass, span => rented[(span.Batch, span.KeyHead, span.KeySpan)].Index, _keys.View.AsContiguous(), _values!.View.AsContiguous(), out pairs);
        }
        catch (Exception error)
        {
            foreach ((_, SpanSlots.Slot slot) in toFill.Skip(filled))
                _slots.Failed(slot, error);
            throw;
        }
        finally
        {
            // The next pass of any session may overwrite the slots, so what reads them must have ended.
            session.Settle();
            foreach (SpanSlots.Slot slot in rented.Values)
                _slots.Return(slot);
        }
    }
}
