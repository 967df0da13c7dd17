using System.Text.Json.Nodes;
using Distributed.Engine.Analytics;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>The member <c>analytics</c>: statistics of rows, which come with the output, and what a second pass works out.</summary>
internal static class AnalyticsMember
{
    private static readonly string[] Names =
    [
        "rows", "window", "sinks", "received", "links", "strongest", "pooled", "distances", "segments", "key_segments", "heads",
    ];

    public static JsonObject Schema
    {
        get
        {
            JsonObject schema = Schemas.Object(
                "What to work out of the attention weights; docs/analytics.md has the tensors that come of it.",
                ("rows", Schemas.Of("boolean", "Statistics of each row: entropy, largest weight, distances, mass in the window and on sinks.")),
                ("window", Schemas.Whole($"Largest distance inside the window. Default: {RowStatisticsOptions.DefaultWindow}.", 0)),
                ("sinks", Schemas.Whole($"First keys that count as sinks. Default: {RowStatisticsOptions.DefaultSinks}.", 0)),
                ("received", Schemas.Of("boolean", "Attention received by each key.")),
                ("links", Schemas.Whole("Strongest keys to keep of each row.", 1, AnalyticsOptions.MaxLinks)),
                ("strongest", Schemas.Whole("Strongest weights of all to keep.", 1, AnalyticsOptions.MaxStrongest)),
                ("pooled", Schemas.Whole("Most cells, each way, of the matrix made small.", 1, AnalyticsOptions.MaxPooled)),
                ("distances", Schemas.Of("boolean", "Attention by distance.")),
                ("segments", Schemas.ListOf(Schemas.Type("integer"), "Cumulative lengths of segments of rows whose attention to one another is summed up: 0, …, Sq.")),
                ("key_segments", Schemas.ListOf(Schemas.Type("integer"), "The same of keys, where they differ: 0, …, Skv.")),
                ("heads", Schemas.OneOf("How heads come together in what a second pass works out. Default: each.", "each", "mean", "max")));
            schema.Remove("required");
            return schema;
        }
    }

    public static FileJobSpecification Read(FileJobSpecification job, SpecificationValue value)
    {
        var options = new AnalyticsOptions();
        RowStatisticsOptions? rows = null;
        IReadOnlyDictionary<string, SpecificationValue> members = value.Members(Names);
        if (members.TryGetValue("rows", out SpecificationValue wanted) && wanted.Flag())
            rows = new RowStatisticsOptions();
        foreach ((string name, SpecificationValue member) in members)
        {
            switch (name)
            {
                case "rows":
                    break;
                case "window":
                    rows = OfRows(member) with { Window = member.Whole() };
                    break;
                case "sinks":
                    rows = OfRows(member) with { Sinks = member.Whole() };
                    break;
                default:
                    options = Read(options, name, member);
                    break;
            }
        }
        return job with { Analytics = options == new AnalyticsOptions() ? null : options, Options = job.Options with { RowStatistics = rows } };

        RowStatisticsOptions OfRows(SpecificationValue member) =>
            rows ?? throw new InputException($"{member.Path} goes with rows, which are not asked for.");
    }

    public static JsonObject? Write(FileJobSpecification job)
    {
        if (job.Analytics is null && job.Options.RowStatistics is null)
            return null;
        var written = new JsonObject();
        if (job.Options.RowStatistics is { } rows)
        {
            (written["rows"], written["window"], written["sinks"]) = (true, rows.Window, rows.Sinks);
        }
        AnalyticsOptions options = job.Analytics ?? new AnalyticsOptions();
        if (options.Received)
            written["received"] = true;
        if (options.Links is { } links)
            written["links"] = links;
        if (options.Strongest is { } strongest)
            written["strongest"] = strongest;
        if (options.Pooled is { } pooled)
            written["pooled"] = pooled;
        if (options.Distances)
            written["distances"] = true;
        if (options.Segments is { } segments)
            written["segments"] = new JsonArray([.. segments.Select(start => JsonValue.Create(start))]);
        if (options.KeySegments is { } keys)
            written["key_segments"] = new JsonArray([.. keys.Select(start => JsonValue.Create(start))]);
        if (options.Heads != HeadAggregation.Each)
            written["heads"] = Specification.Names.Of(options.Heads);
        return written;
    }

    private static AnalyticsOptions Read(AnalyticsOptions options, string name, SpecificationValue member) => name switch
    {
        "received" => options with { Received = member.Flag() },
        "links" => options with { Links = member.Int() },
        "strongest" => options with { Strongest = member.Int() },
        "pooled" => options with { Pooled = member.Int() },
        "distances" => options with { Distances = member.Flag() },
        "segments" => options with { Segments = member.Wholes() },
        "key_segments" => options with { KeySegments = member.Wholes() },
        _ => options with { Heads = member.Parsed(Specification.Names.Aggregation) },
    };
}
