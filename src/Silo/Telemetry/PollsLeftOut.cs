using OpenTelemetry.Trace;

namespace Distributed.Silo.Telemetry;

/// <summary>
/// Takes all spans but those of calls that are made again and again only to ask how things stand: they would be most of
/// every trace. What such a call leads to is left out with it.
/// </summary>
internal sealed class PollsLeftOut : Sampler
{
    private static readonly string[] Polls =
    [
        "/WatchAsync", "/GetAsync", "/GetBlocksAsync", "/GetInfoAsync", "/GetLoadAsync", "/EnsureRunningAsync", "/ReadTileAsync",
        "IAsyncEnumerableGrainExtension",
    ];

    private readonly Sampler _others = new ParentBasedSampler(new AlwaysOnSampler());

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        string name = samplingParameters.Name;
        return Polls.Any(poll => name.Contains(poll, StringComparison.Ordinal))
            ? new SamplingResult(SamplingDecision.Drop)
            : _others.ShouldSample(samplingParameters);
    }
}
