using Distributed.Engine.Atlas;

namespace Distributed.Silo.Atlas;

/// <summary>
/// The atlas of one job, being made or ready. It holds mapped files, so it ends only when nobody is at work on it any more.
/// </summary>
#pragma warning disable CA1001 // The last user to release it disposes of what it holds.
internal sealed class OpenAtlas
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _making;
    private AtlasSubject? _subject;
    private AttentionAtlas? _atlas;
    private int _users = 1;
    private double _done;

    public OpenAtlas(Func<AtlasSubject> open, AtlasOptions options) => _making = Task.Run(() => MakeAsync(open, options));

    /// <summary>Share of the overview that is made, 0 to 1.</summary>
    public double Done => Volatile.Read(ref _done);

    /// <summary>The atlas when it is ready; null while it is being made.</summary>
    /// <exception cref="Distributed.Engine.InputException">A file cannot be used.</exception>
    public async Task<AttentionAtlas?> ReadyAsync()
    {
        if (!_making.IsCompleted)
            return null;
        await _making;
        return _atlas;
    }

    /// <summary>Whether making it failed, so that another attempt may be made.</summary>
    public bool Failed => _making.IsFaulted || _making.IsCanceled;

    /// <summary>What it shows; only when it is ready.</summary>
    public AtlasSubject Subject => _subject ?? throw new InvalidOperationException("The atlas is not ready yet.");

    /// <summary>Keeps it open for one more user.</summary>
    public bool TryUse()
    {
        lock (_lock)
        {
            if (_users == 0)
                return false;
            _users++;
            return true;
        }
    }

    /// <summary>Ends one use. With the last one the files are closed.</summary>
    public void Release()
    {
        lock (_lock)
        {
            if (--_users > 0)
                return;
        }
        _stop.Cancel();
        _ = CloseAsync();
    }

    private async Task MakeAsync(Func<AtlasSubject> open, AtlasOptions options)
    {
        _subject = open();
        _atlas = await _subject.CreateAsync(options, new Share(this), _stop.Token);
        Volatile.Write(ref _done, 1);
    }

    private async Task CloseAsync()
    {
        await _making.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _atlas?.Dispose();
        _subject?.Dispose();
        _stop.Dispose();
    }

    private sealed class Share(OpenAtlas of) : IProgress<double>
    {
        public void Report(double value) => Volatile.Write(ref of._done, value);
    }
}
