using Distributed.Engine;
using Distributed.Silo.Storage;
using Microsoft.Net.Http.Headers;

namespace Distributed.Silo.Api;

/// <summary>What the headers of an upload say of its bytes.</summary>
internal static class UploadHeaders
{
    public static UploadRequest Read(HttpRequest request, string name, string owner)
    {
        if (request.Headers.ContentEncoding.Count > 0)
            throw new InputException($"Header Content-Encoding is '{request.Headers.ContentEncoding}'; plain bytes are expected.");
        string? part = ContentDigest.Read("Content-Digest", request.Headers["Content-Digest"]);
        string? whole = ContentDigest.Read("Repr-Digest", request.Headers["Repr-Digest"])
            ?? ContentDigest.Read("Digest", request.Headers["Digest"]);
        string? range = request.Headers.ContentRange;
        if (range is null)
        {
            // What is sent is the whole file, so both say the same of it.
            if (part is not null && whole is not null && part != whole)
                throw new InputException("Headers Content-Digest and Repr-Digest differ, but what is sent is the whole file.");
            return new UploadRequest(name, owner, null, request.ContentLength, request.ContentLength, null, whole ?? part);
        }
        if (!ContentRangeHeaderValue.TryParse(range, out ContentRangeHeaderValue? bytes) || bytes.Unit != "bytes" || bytes.From is not { } from || bytes.To is not { } to)
            throw new InputException($"Header Content-Range is '{range}'; bytes FIRST-LAST/LENGTH is expected, LENGTH being * while it is not known.");
        if (to == long.MaxValue)
            throw new InputException($"Header Content-Range is '{range}'; its last byte is too far.");
        if (request.ContentLength is { } length && length != to + 1 - from)
            throw new InputException($"The body has {length} bytes; Content-Range {range} says {to + 1 - from}.");
        return new UploadRequest(name, owner, from, to + 1, bytes.Length, part, whole);
    }
}
