using Distributed.Silo.Hosting;

namespace Distributed.Silo.Embedded;

/// <summary>A silo by itself is all there is.</summary>
internal sealed class EmbeddedStatus(SiloSettings settings) : ISiloStatus
{
    private readonly string _name = $"{Environment.MachineName}:{Environment.ProcessId}";

    public Task<ClusterView> LookAsync() => Task.FromResult(new ClusterView(
        _name, [_name], [new SiloView(_name, settings.Engine.Threads, settings.Engine.BlocksAtOnce, null)]));
}
