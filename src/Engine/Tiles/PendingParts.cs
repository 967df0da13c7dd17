using System.Diagnostics.CodeAnalysis;

namespace Distributed.Engine.Tiles;

/// <summary>
/// The parts that one peer was asked for and has not given yet. An answer finds its request by the part it names; one
/// that names a part nobody waits for (it came twice, or too late) finds none and is dropped.
/// </summary>
public sealed class PendingParts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TilePart, Request> _requests = [];
    private Exception? _broken;

    /// <summary>Enters a request.</summary>
    /// <exception cref="IOException">The connection has broken.</exception>
    /// <exception cref="InvalidOperationException">The part is asked for already.</exception>
    public Request Enter(TilePart part, Memory<byte> destination)
    {
        lock (_lock)
        {
            if (_broken is not null)
                throw new IOException(_broken.Message, _broken);
            var request = new Request(part, destination);
            if (!_requests.TryAdd(part, request))
                throw new InvalidOperationException($"{part} is asked for already.");
            return request;
        }
    }

    /// <summary>
    /// Takes the request that an answer is for. Whoever took it must end it; until then the memory stays the request's.
    /// </summary>
    public bool TryTake(TilePart part, [NotNullWhen(true)] out Request? request)
    {
        lock (_lock)
            return _requests.Remove(part, out request);
    }

    /// <summary>Withdraws a request that nobody has taken.</summary>
    /// <returns>False when an answer has taken it; it will be ended by that.</returns>
    public bool Withdraw(Request request)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_lock)
            return _requests.Remove(request.Part);
    }

    /// <summary>Ends all requests, and all later ones, with an <see cref="IOException"/>.</summary>
    public void Break(Exception why)
    {
        Request[] open;
        lock (_lock)
        {
            _broken ??= why;
            open = [.. _requests.Values];
            _requests.Clear();
        }
        foreach (Request request in open)
            request.Fail(why);
    }

    /// <summary>A part asked for.</summary>
    public sealed class Request
    {
        private readonly TaskCompletionSource<TileAnswer> _answer = new();

        internal Request(TilePart part, Memory<byte> destination) => (Part, Destination) = (part, destination);

        /// <summary>The part.</summary>
        public TilePart Part { get; }

        /// <summary>Takes it.</summary>
        public Memory<byte> Destination { get; }

        /// <summary>What the peer says.</summary>
        public Task<TileAnswer> Answer => _answer.Task;

        /// <summary>Ends the request with the peer's answer.</summary>
        public void End(TileAnswer answer) => _answer.TrySetResult(answer);

        /// <summary>Ends the request: the peer will not answer, or damaged what it sent.</summary>
        public void Fail(Exception why)
        {
            ArgumentNullException.ThrowIfNull(why);
            _answer.TrySetException(why as IOException ?? new IOException(why.Message, why));
        }

        /// <summary>Ends the request because it was withdrawn.</summary>
        public void Cancel(CancellationToken cancellation) => _answer.TrySetCanceled(cancellation);
    }
}
