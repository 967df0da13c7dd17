using System.Buffers.Text;
using System.Security.Cryptography;
using Distributed.Engine;

namespace Distributed.Silo.Storage;

/// <summary>SHA-256 in HTTP headers: <c>sha-256=:BASE64:</c> (RFC 9530), or <c>sha-256=BASE64</c> (RFC 3230).</summary>
public static class ContentDigest
{
    private const string Algorithm = "sha-256";

    /// <summary>The SHA-256 that a header gives, in lower-case hex; null when there is no header.</summary>
    /// <param name="header">The header's name, for errors.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="InputException">It holds no SHA-256.</exception>
    public static string? Read(string header, string? value)
    {
        if (value is null)
            return null;
        foreach (string part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !part[..equals].Equals(Algorithm, StringComparison.OrdinalIgnoreCase))
                continue;
            string encoded = part[(equals + 1)..].Trim(':');
            var hash = new byte[SHA256.HashSizeInBytes];
            if (Base64.IsValid(encoded) && Convert.TryFromBase64String(encoded, hash, out int length) && length == hash.Length)
                return Convert.ToHexStringLower(hash);
        }
        throw new InputException($"Header {header} is '{value}'; sha-256=:BASE64: is expected, of 32 bytes.");
    }

    /// <summary>A header's value for a SHA-256 in hex.</summary>
    public static string Write(string sha256) => $"{Algorithm}=:{Convert.ToBase64String(Convert.FromHexString(sha256))}:";
}
