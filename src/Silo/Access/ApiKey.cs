using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Distributed.Silo.Access;

/// <summary>A key as the server knows it: never the key itself, only its hash.</summary>
/// <param name="Caller">Whose it is, and what it may do.</param>
/// <param name="Hash">SHA-256 of the key, in lower-case hex. Keys are 256 random bits, so a slow hash would protect nothing more.</param>
public sealed record ApiKey(Caller Caller, string Hash)
{
    private const string Prefix = "attend_";

    /// <summary>Makes a new key, and tells what to write down of it.</summary>
    public static (string Secret, ApiKey Known) Create(Caller caller)
    {
        string secret = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (secret, new ApiKey(caller, HashOf(secret)));
    }

    /// <summary>The hash of a key.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Its line in the file of keys.</summary>
    public override string ToString() => $"{Caller.Name} {Caller.Role.ToString().ToLowerInvariant()} {Hash}";
}
