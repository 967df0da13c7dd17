using System.Globalization;
using System.Text;

namespace Distributed.Silo.Tests.Fuzz;

/// <summary>Requests that nobody should send, each made from a number.</summary>
internal static class FuzzCases
{
    private const string Specification =
        """{"version":1,"input":"tensor:good","output":"o.safetensors","layout":"bhsd","dtype":"f16","lse":true,"scale":0.5,"causal":"top-left","prefix":3,"window":[5,-1],"global_keys":2,"documents":[0,3,10],"valid_keys":[7],"softcap":3.5,"alibi":true,"blocks":3,"rope":{"base":100.0,"dims":4},"block_pairs":{"query_block":2,"key_block":2,"pairs":[[0,0],[1,1]]}}""";

    private const string Document =
        """{"version":1,"document":"document:good","unit":"words:5","exclude":1,"heads":4,"head_size":32,"temperature":20.0,"links":5}""";

    private static readonly string[] Values =
    [
        "null", "true", "-1", "0", "1e400", "9223372036854775808", "99999999999999999999999", "\"\"", "\"\\u0000\"", "\"../../etc/passwd\"",
        "\"file:/etc/passwd\"", "\"tensor:../x\"", "[]", "{}", "[[[[[[]]]]]]", "NaN", "\"\\ud800\"", "65536", "0.1", "\"tensor:good\"", "[0,1,2]",
        "2147483648", "-9223372036854775808",
    ];

    private static readonly string[] Segments =
    [
        "..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "a%00b", ".", "", "good", "%c0%ae", "%ff", "%", "%zz", "~", "a/../../b", "\\..\\..",
        "good%2Finfo", "nul", "%0d%0aX: y", ";", "?", "#", "good?x=1", "0123456789abcdef0123456789abcdef", "00000000-0000-0000-0000-000000000000",
    ];

    private static readonly string[] Ranges =
    [
        "bytes 0-9/10", "bytes 5-9/10", "bytes 0-0/*", "bytes 9-0/10", "bytes -1-5/10", "bytes 0-9223372036854775807/9223372036854775807",
        "bytes 0-18446744073709551616/1", "bytes */10", "bytes 0-5", "items 0-5/6", "bytes=0-5", "", "bytes a-b/c",
        "bytes 0-9223372036854775806/9223372036854775807", "bytes 10000000000-10000000009/20000000000",
    ];

    /// <summary>Makes a request.</summary>
    public static HttpRequestMessage Make(Random random, byte[] safetensors, byte[] npy) => random.Next(6) switch
    {
        0 or 1 => Job(random),
        2 or 3 => Upload(random, safetensors, npy),
        4 => Path(random),
        _ => Headers(random),
    };

    /// <summary>Bytes for a bare connection: hardly HTTP.</summary>
    public static byte[] Bare(Random random)
    {
        string text = random.Next(8) switch
        {
            0 => "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: " + new string('a', random.Next(100_000)) + "\r\n\r\n",
            1 => "PUT /v1/tensors/raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\nshort",
            2 => "PUT /v1/tensors/raw HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\nx",
            3 => "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}xxxx",
            4 => "GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
            5 => "PUT /v1/documents/raw HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            6 => "GET /v1/jobs HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n",
            _ => "GET / HTTP/9.9\r\n\r\n",
        };
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        for (int i = random.Next(3); i > 0; i--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static HttpRequestMessage Job(Random random)
    {
        string text = random.Next(4) == 0 ? Document : Specification;
        for (int edits = random.Next(1, 4); edits > 0; edits--)
            text = Edited(random, text);
        var request = new HttpRequestMessage(HttpMethod.Post, random.Next(5) == 0 ? $"v1/jobs?priority={Pick(random, Values)}&name={Pick(random, Segments)}" : "v1/jobs")
        {
            Content = new ByteArrayContent(random.Next(10) == 0 ? Damaged(random, Encoding.UTF8.GetBytes(text)) : Encoding.UTF8.GetBytes(text)),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(12) == 0 ? Pick(random, Segments) : "application/json");
        if (random.Next(8) == 0)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", Pick(random, Values));
        return request;
    }

    private static string Edited(Random random, string text)
    {
        switch (random.Next(7))
        {
            case 0:
                return text[..random.Next(text.Length + 1)];
            case 1:
                return text.Insert(random.Next(text.Length), Pick(random, Values));
            case 2:
                return new string('[', random.Next(1, 5000)) + text;
            case 3:
                return text.Replace("\"version\":1", $"\"version\":{Pick(random, Values)}", StringComparison.Ordinal);
            case 4:
                int comma = text.IndexOf(',', random.Next(text.Length));
                return comma < 0 ? text : text.Insert(comma, $",\"{Pick(random, Values).Trim('"')}\":{Pick(random, Values)}");
            default:
                // Another value for some member.
                int colon = text.IndexOf(':', random.Next(text.Length));
                int end = colon < 0 ? -1 : text.IndexOf(',', colon);
                return end < 0 ? text + text : text[..(colon + 1)] + Pick(random, Values) + text[end..];
        }
    }

    private static HttpRequestMessage Upload(Random random, byte[] safetensors, byte[] npy)
    {
        byte[] content = random.Next(5) switch
        {
            0 => Damaged(random, npy),
            1 => Claim(random),
            2 => [.. Enumerable.Range(0, random.Next(200)).Select(_ => (byte)random.Next(256))],
            _ => Damaged(random, safetensors),
        };
        string name = random.Next(4) == 0 ? Pick(random, Segments) : "fuzz" + random.Next(20) + Pick(random, ["", ".npy", ".npz", ".safetensors"]);
        var request = new HttpRequestMessage(HttpMethod.Put, $"v1/{(random.Next(4) == 0 ? "documents" : "tensors")}/{name}") { Content = new ByteArrayContent(content) };
        if (random.Next(4) == 0)
            request.Content.Headers.TryAddWithoutValidation("Content-Range", Pick(random, Ranges));
        if (random.Next(5) == 0)
            request.Headers.TryAddWithoutValidation(Pick(random, ["Content-Digest", "Repr-Digest", "Digest"]), Pick(random, ["sha-256=:AAAA:", "sha-256=", "md5=:x:", "sha-256=:" + new string('A', 43) + "=:"]));
        if (random.Next(10) == 0)
            request.Headers.TryAddWithoutValidation("If-Match", Pick(random, Values));
        return request;
    }

    /// <summary>A header that says there is far more than there is.</summary>
    private static byte[] Claim(Random random)
    {
        string json = Pick(random,
        [
            """{"q":{"dtype":"F32","shape":[1,1,2500000000,1],"data_offsets":[0,10000000000]}}""",
            """{"q":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}""",
            """{"q":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""",
            "{" + string.Join(',', Enumerable.Range(0, 3000).Select(i => $$"""{{'"'}}t{{i}}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}""")) + "}",
            new string('[', 3000),
        ]);
        long length = random.Next(3) == 0 ? 10_000_000_000 : random.Next(3) == 0 ? long.MaxValue : json.Length;
        return [.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes(json)];
    }

    private static HttpRequestMessage Path(Random random)
    {
        string path = "/" + string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pick(random, ["v1", "jobs", "tensors", "documents", "health", .. Segments])));
        return new HttpRequestMessage(new HttpMethod(Pick(random, ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "BREW"])), path);
    }

    private static HttpRequestMessage Headers(Random random)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Pick(random,
        [
            "v1/tensors/good", "v1/documents/good", $"v1/jobs?limit={Pick(random, Values)}", $"v1/jobs?state={Pick(random, Segments)}",
            $"v1/jobs?after={Pick(random, Segments)}", $"v1/tensors?after={Pick(random, Segments)}&limit={random.Next(-5, 2000).ToString(CultureInfo.InvariantCulture)}",
            "v1/jobs/00000000-0000-0000-0000-000000000000/events", "v1/status",
        ]));
        request.Headers.TryAddWithoutValidation("Range", Pick(random, ["bytes=0-", "bytes=-5", "bytes=5-2", "bytes=0-1,3-4,5-6", "bytes=99999999999-", "bytes=a", "bytes=0-0,0-0,0-0,0-0,0-0"]));
        request.Headers.TryAddWithoutValidation("If-Range", Pick(random, ["\"x\"", "W/\"x\"", "yesterday", "*"]));
        request.Headers.TryAddWithoutValidation("Last-Event-ID", Pick(random, Values));
        request.Headers.TryAddWithoutValidation(Pick(random, ["Accept", "Authorization", "Cookie", "X-Forwarded-For", "If-None-Match"]), Pick(random, Values));
        return request;
    }

    private static byte[] Damaged(Random random, byte[] good)
    {
        byte[] bytes = [.. good];
        for (int edits = bytes.Length == 0 ? 0 : random.Next(1, 6); edits > 0; edits--)
            bytes[random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(200, bytes.Length))] = (byte)random.Next(256);
        return random.Next(4) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }

    private static string Pick(Random random, string[] of) => of[random.Next(of.Length)];
}
