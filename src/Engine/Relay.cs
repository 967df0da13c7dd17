namespace Distributed.Engine;

/// <summary>Hands reports on. Unlike <see cref="Progress{T}"/> it does so on the caller's thread, so that they keep their order.</summary>
/// <param name="report">Takes them.</param>
internal sealed class Relay<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
