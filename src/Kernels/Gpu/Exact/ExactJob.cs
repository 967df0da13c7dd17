using System.Collections.Concurrent;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Hosting;
using ILGPU;
using ILGPU.Runtime;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>A job whose tiles are folded in F32, with the bits of the CPU kernels.</summary>
internal sealed class ExactJob : DeviceJob
{
    private readonly IlgpuDevice _device;
    private readonly BlockingCollection<ExactSession> _sessions = [];
    private readonly List<ExactSession> _all = [];
    private readonly SpanSlots _slots;
    private readonly int _slotsPerFold;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _keys;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? _values;

    /// <summary>Takes memory for the job: for as many folds at a time, and as many spans, as the device has room for.</summary>
    /// <exception cref="DeviceException">It has no room for one fold.</exception>
    public ExactJob(IlgpuDevice device, DeviceShape shape)
    {
        _device = device;
        var sizes = new ExactSizes(shape);
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
        _keys = device.Call(() => device.Accelerator.Allocate1D<float>(slots * sizes.SlotKeys * sizes.Depth));
        try
        {
            _values = device.Call(() => device.Accelerator.Allocate1D<float>(slots * sizes.SlotKeys * sizes.Width));
            for (int i = 0; i < sessions; i++)
                _all.Add(device.Call(() => new ExactSession(device, sizes)));
        }
        catch
        {
            Dispose();
            throw;
        }
        _all.ForEach(_sessions.Add);
    }

    /// <inheritdoc/>
    public override string Kernel => $"{_device.Name}, f32";

    /// <inheritdoc/>
    public override bool SameBitsAsCpu => _device.Ieee;

    /// <inheritdoc/>
    public override long SpansUploaded => _slots.Uploaded;

    /// <inheritdoc/>
    public override bool TryFold(DeviceFold fold, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(fold);
        if (!fold.Units.All(unit => FiniteScan.AllFinite(unit.Queries)))
            return false;
        ExactSession session = _sessions.Take(cancellation);
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

    private bool Run(ExactSession session, DeviceFold fold, CancellationToken cancellation)
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

    private bool TryRun(ExactSession session, StepWalk.Pass pass, out long pairs)
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
            foreach (SpanSlots.Slot slot in rented.Values)
                slot.Filling.Task.GetAwaiter().GetResult();
            return rented.Values.All(slot => slot.Finite) && session.TryRun(
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
