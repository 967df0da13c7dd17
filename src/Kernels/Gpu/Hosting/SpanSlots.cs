using Distributed.Kernels.Devices;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>
/// Which key spans lie in which of a job's slots on the device. A span is uploaded once and serves every fold that comes for
/// it while it stays; the least recently used one makes room. Several threads may rent at a time.
/// </summary>
/// <param name="count">Slots.</param>
internal sealed class SpanSlots(int count)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(int Batch, int Head, int Span), Slot> _named = [];
    private readonly LinkedList<Slot> _idle = [];
    private int _taken;

    /// <summary>Slots.</summary>
    public int Count => count;

    /// <summary>Spans uploaded so far.</summary>
    public long Uploaded { get; private set; }

    /// <summary>
    /// Takes the slot of a span. A renter who is told to fill it must call <see cref="Filled"/> or <see cref="Failed"/> before it
    /// waits for the slots of others.
    /// </summary>
    /// <param name="span">The span.</param>
    /// <param name="mustFill">Whether the caller is to upload it.</param>
    /// <exception cref="InvalidOperationException">All slots are in use: more were rented than a thread's share.</exception>
    public Slot Rent(DeviceSpan span, out bool mustFill)
    {
        lock (_lock)
        {
            (int, int, int) name = (span.Batch, span.KeyHead, span.KeySpan);
            if (_named.TryGetValue(name, out Slot? slot))
            {
                if (slot.Users++ == 0)
                    _idle.Remove(slot.Node);
                mustFill = false;
                return slot;
            }
            if (_taken < count)
            {
                slot = new Slot(_taken++);
            }
            else
            {
                slot = _idle.First?.Value ?? throw new InvalidOperationException($"All {count} slots are in use.");
                _idle.RemoveFirst();
                if (slot.Name is { } old)
                    _named.Remove(old);
            }
            slot.Begin(name);
            _named.Add(name, slot);
            mustFill = true;
            Uploaded++;
            return slot;
        }
    }

    /// <summary>The span lies in its slot.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="finite">Whether all of its numbers are finite.</param>
    public static void Filled(Slot slot, bool finite)
    {
        slot.End(finite, null);
    }

    /// <summary>The span could not be uploaded: those who wait for it fail too, and the next one tries again.</summary>
    public void Failed(Slot slot, Exception error)
    {
        lock (_lock)
        {
            if (slot.Name is { } name)
                _named.Remove(name);
            slot.Name = null;
        }
        slot.End(false, error);
    }

    /// <summary>Gives a slot back; the span stays in it until the slot is needed.</summary>
    public void Return(Slot slot)
    {
        lock (_lock)
        {
            if (--slot.Users > 0)
                return;
            if (slot.Name is null)
                _idle.AddFirst(slot.Node);
            else
                _idle.AddLast(slot.Node);
        }
    }

    /// <summary>Room for one span.</summary>
    internal sealed class Slot
    {
        private readonly object _filling = new();
        private bool _filled, _finite;
        private Exception? _error;

        public Slot(int index)
        {
            Index = index;
            Node = new LinkedListNode<Slot>(this);
        }

        /// <summary>Its place on the device.</summary>
        public int Index { get; }

        /// <summary>The span in it.</summary>
        public (int Batch, int Head, int Span)? Name { get; set; }

        public int Users { get; set; }

        public LinkedListNode<Slot> Node { get; }

        /// <summary>Begins with a span that is yet to be uploaded.</summary>
        public void Begin((int Batch, int Head, int Span) name)
        {
            (Name, Users) = (name, 1);
            lock (_filling)
                (_filled, _error) = (false, null);
        }

        /// <summary>The upload has ended.</summary>
        public void End(bool finite, Exception? error)
        {
            lock (_filling)
            {
                (_filled, _finite, _error) = (true, finite, error);
                Monitor.PulseAll(_filling);
            }
        }

        /// <summary>Waits until the span lies in it.</summary>
        /// <returns>Whether all numbers of the span are finite.</returns>
        /// <exception cref="DeviceException">It could not be uploaded.</exception>
        public bool Await()
        {
            lock (_filling)
            {
                while (!_filled)
                    Monitor.Wait(_filling);
                return _error is null ? _finite : throw new DeviceException($"A key span could not be brought to the device: {_error.Message}", _error);
            }
        }
    }
}
