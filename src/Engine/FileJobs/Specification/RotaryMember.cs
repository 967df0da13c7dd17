using System.Text.Json.Nodes;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>The member <c>rope</c>.</summary>
internal static class RotaryMember
{
    public static JsonObject Schema
    {
        get
        {
            JsonObject schema = Schemas.Object(
                "Rotary position embedding of queries and keys.",
                ("base", Schemas.Of("number", "Frequencies are base^(-2i / dims). Default: 10000.")),
                ("dims", Schemas.Whole("Elements that are turned, the first ones; even. Default: all.", 2)),
                ("pairs", Schemas.OneOf("Which elements are turned together. Default: half.", "half", "interleaved")),
                ("scaling", Schemas.Of("string", "linear:FACTOR, ntk:FACTOR or yarn:FACTOR:TRAINED.")));
            schema.Remove("required");
            return schema;
        }
    }

    public static RotaryOptions Read(SpecificationValue value)
    {
        var rotary = new RotaryOptions();
        foreach ((string name, SpecificationValue member) in value.Members("base", "dims", "pairs", "scaling"))
        {
            rotary = name switch
            {
                "base" => rotary with { Base = member.Number() },
                "dims" => rotary with { Dims = member.Int() },
                "pairs" => rotary with { Interleaved = member.Parsed(Names.RotaryPairs) },
                _ => rotary with { Scaling = member.Parsed(RotaryScaling.Parse) },
            };
        }
        return rotary;
    }

    public static JsonObject Write(RotaryOptions rotary)
    {
        var written = new JsonObject { ["base"] = rotary.Base };
        if (rotary.Dims is { } dims)
            written["dims"] = dims;
        if (rotary.Interleaved)
            written["pairs"] = "interleaved";
        if (rotary.Scaling is { } scaling)
            written["scaling"] = scaling.ToString();
        return written;
    }
}
