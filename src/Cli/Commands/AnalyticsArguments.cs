using System.CommandLine;
using Distributed.Cli.Parsing;
using Distributed.Engine;
using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Commands;

/// <summary>The options that say what a job works out of its attention weights.</summary>
internal sealed class AnalyticsArguments
{
    private readonly Option<AnalyticsText?> _analytics = Parsers.Of<AnalyticsText?>(
        "--analytics", "rows,received,links:N,strongest:N,pooled:N,distances",
        "Also write what the weights tell (docs/analytics.md): statistics of each row (rows; no second pass), attention received " +
        $"by each key, the strongest keys of each row and of all, the matrix made small, attention by distance. all = {AnalyticsText.All}.",
        text => AnalyticsText.Parse(text));

    private readonly Option<HeadAggregation?> _heads = Parsers.Of<HeadAggregation?>(
        "--analytics-heads", "each|mean|max", "How heads come together in analytics other than rows. [default: each]", text => Names.Aggregation(text));

    private readonly Option<long?> _window = Parsers.Of(
        "--analytics-window", "N", $"Largest distance inside the window of --analytics rows. [default: {RowStatisticsOptions.DefaultWindow}]",
        Parsers.Whole<long>("Analytics window"));

    private readonly Option<long?> _sinks = Parsers.Of(
        "--analytics-sinks", "N", $"How many first keys count as sinks for --analytics rows. [default: {RowStatisticsOptions.DefaultSinks}]",
        Parsers.Whole<long>("Analytics sinks"));

    private readonly Option<IReadOnlyList<long>?> _segments = Parsers.Of<IReadOnlyList<long>?>(
        "--analytics-segments", "0,N,...,SQ", "Cumulative lengths of segments whose attention to one another is summed up.",
        text => Lists.Wholes(text, "Analytics segments"));

    private readonly Option<IReadOnlyList<long>?> _keySegments = Parsers.Of<IReadOnlyList<long>?>(
        "--analytics-key-segments", "0,N,...,SKV", "The same of keys, where they differ from the rows.",
        text => Lists.Wholes(text, "Analytics key segments"));

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_analytics, _heads, _window, _sinks, _segments, _keySegments];

    /// <summary>The job with the analytics that the options ask for.</summary>
    /// <exception cref="InputException">An option goes with another that is missing.</exception>
    public FileJobSpecification AddTo(ParseResult parsed, FileJobSpecification job)
    {
        AnalyticsText? text = parsed.GetValue(_analytics);
        if (text is not { Rows: true } && (parsed.GetValue(_window) is not null || parsed.GetValue(_sinks) is not null))
            throw new InputException("--analytics-window and --analytics-sinks go with --analytics rows, which is missing.");
        IReadOnlyList<long>? segments = parsed.GetValue(_segments), keySegments = parsed.GetValue(_keySegments);
        AnalyticsOptions options = (text?.Options ?? new AnalyticsOptions()) with { Segments = segments, KeySegments = keySegments };
        if (keySegments is not null && segments is null)
            throw new InputException("--analytics-key-segments goes with --analytics-segments, which is missing.");
        if (parsed.GetValue(_heads) is { } heads)
        {
            options = options.AsksForWeights
                ? options with { Heads = heads }
                : throw new InputException($"--analytics-heads {Names.Of(heads)} goes with analytics other than rows, which are missing.");
        }
        return job with
        {
            Analytics = options.AsksForWeights ? options : null,
            Options = job.Options with
            {
                RowStatistics = text is { Rows: true }
                    ? new RowStatisticsOptions(
                        parsed.GetValue(_window) ?? RowStatisticsOptions.DefaultWindow, parsed.GetValue(_sinks) ?? RowStatisticsOptions.DefaultSinks)
                    : null,
            },
        };
    }
}
