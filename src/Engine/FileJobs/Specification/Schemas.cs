using System.Text.Json.Nodes;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>Pieces of JSON schema.</summary>
internal static class Schemas
{
    public static JsonObject Of(string type, string description) => new() { ["type"] = type, ["description"] = description };

    public static JsonObject Whole(string description, long? least = null, long? most = null)
    {
        JsonObject schema = Of("integer", description);
        if (least is not null)
            schema["minimum"] = least;
        if (most is not null)
            schema["maximum"] = most;
        return schema;
    }

    public static JsonObject OneOf(string description, params string[] names) =>
        new() { ["enum"] = new JsonArray([.. names.Select(name => JsonValue.Create(name))]), ["description"] = description };

    public static JsonObject Either(string description, params JsonNode[] kinds) =>
        new() { ["oneOf"] = new JsonArray(kinds), ["description"] = description };

    public static JsonObject ListOf(JsonNode items, string description, int? count = null)
    {
        JsonObject schema = Of("array", description);
        schema["items"] = items;
        if (count is not null)
            (schema["minItems"], schema["maxItems"]) = (count, count);
        return schema;
    }

    public static JsonObject Object(string description, params (string Name, JsonNode Schema)[] members) => new()
    {
        ["type"] = "object",
        ["description"] = description,
        ["properties"] = new JsonObject([.. members.Select(m => KeyValuePair.Create(m.Name, (JsonNode?)m.Schema))]),
        ["required"] = new JsonArray([.. members.Select(m => JsonValue.Create(m.Name))]),
        ["additionalProperties"] = false,
    };

    public static JsonObject Type(string type) => new() { ["type"] = type };
}
