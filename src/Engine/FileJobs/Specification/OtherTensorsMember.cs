using System.Text.Json.Nodes;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>The member that says where optional tensors with files of their own are.</summary>
internal static class OtherTensorsMember
{
    /// <summary>The member.</summary>
    public static SpecificationMember Create() => new(
        "tensors", Schema(), (job, value) => job with { Inputs = job.Inputs with { Others = Read(value) } },
        job => job.Inputs.Others.Count == 0 ? null : Write(job.Inputs.Others));

    private static JsonObject Schema()
    {
        JsonObject schema = Schemas.Of("object", "Optional tensors in files of their own, by name.");
        schema["propertyNames"] = new JsonObject { ["enum"] = new JsonArray([.. OptionalTensors.All.Select(name => JsonValue.Create(name))]) };
        schema["additionalProperties"] = Schemas.Either(
            "A file, or a file and the tensor's name in it.", Schemas.Type("string"),
            Schemas.Object("A tensor of a file.", ("file", Schemas.Type("string")), ("tensor", Schemas.Type("string"))));
        return schema;
    }

    private static IReadOnlyList<TensorPlace> Read(SpecificationValue value) =>
    [
        .. value.Members(OptionalTensors.All).Select(member =>
        {
            if (member.Value.Element.ValueKind == System.Text.Json.JsonValueKind.String)
                return new TensorPlace(member.Key, member.Value.Text());
            IReadOnlyDictionary<string, SpecificationValue> place = member.Value.Members("file", "tensor");
            return place.Count == 2
                ? new TensorPlace(member.Key, place["file"].Text(), place["tensor"].Text())
                : throw member.Value.Not("a file name, or an object with file and tensor");
        }),
    ];

    private static JsonObject Write(IReadOnlyList<TensorPlace> places) =>
        new(places.Select(place => KeyValuePair.Create<string, JsonNode?>(
            place.Name, place.Tensor is { } tensor ? new JsonObject { ["file"] = place.File, ["tensor"] = tensor } : JsonValue.Create(place.File))));
}
