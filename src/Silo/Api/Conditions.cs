using Distributed.Silo.Http;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Api;

/// <summary>Conditions of an upload: <c>If-None-Match: *</c> only creates, <c>If-Match: "ETAG"</c> only replaces that.</summary>
internal static class Conditions
{
    public static void Check(HttpRequest request, StoredFile? before)
    {
        if (request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } none
            && before is not null && none.Any(tag => tag.Tag == "*" || tag.Tag.AsSpan().Trim('"').SequenceEqual(before.Sha256)))
            throw new RefusedException(Refusal.Precondition, $"'{before.Name}' is there already, with SHA-256 {before.Sha256}.");
        if (request.GetTypedHeaders().IfMatch is { Count: > 0 } some
            && !some.Any(tag => before is not null && (tag.Tag == "*" || tag.Tag.AsSpan().Trim('"').SequenceEqual(before.Sha256))))
            throw new RefusedException(Refusal.Precondition, before is null ? "There is nothing to replace." : $"'{before.Name}' has SHA-256 {before.Sha256} by now.");
    }
}
