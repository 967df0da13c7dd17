using OpenTelemetry.Trace;

namespace Distributed.Silo.Telemetry;

/// <summary>
/// Takes all spans but those of calls that are made again and again only to ask how things stand: they would be most of
/// every trace. What such a call leads to is left out with it. The queue is asked through one method for everything; it
/// is a poll when nobody's request led to it.
/// </summary>
internal sealed class PollsLeftOut : Sampler
{
    private static readonly string[] Polls =
    [
        "/WatchAsync", "/GetAsync", "/GetBlocksAsync", "/GetInfoAsync", "/GetLoadAsync", "/EnsureRunningAsync", "/ReadTileAsync",
        "IAsyncEnumerableGrainExtension",
    ];

    private const string Queue = "/AskAsync";

    private readonly Sampler _others = new ParentBasedSampler(new AlwaysOnSampler());

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        string name = samplingParameters.Name;
        bool fromNobody = samplingParameters.ParentContext.TraceId == default && name.Contains(Queue, StringComparison.Ordinal);
        return fromNobody || Polls.Any(poll => name.Contains(poll, StringComparison.Ordinal))
            ? new SamplingResult(SamplingDecision.Drop)
            : _others.ShouldSample(samplingParameters);
    }
}
