using System.Security.Cryptography;

namespace Distributed.Grains.Tiles;

/// <summary>
/// Both ends of a tile stream prove that they know the cluster's secret, each on a number the other has just drawn, so
/// that a proof overheard is of no use: HMAC-SHA-256 over role, the caller's number and the listener's.
/// </summary>
internal static class TileHandshake
{
    private const int NonceBytes = 32;
    private static readonly byte[] Greeting = "ATTNTIL2"u8.ToArray();

    /// <summary>The calling end.</summary>
    /// <exception cref="IOException">The other end is no tile server, or knows another secret.</exception>
    public static async Task CallAsync(Stream stream, ReadOnlyMemory<byte> secret, CancellationToken cancellation)
    {
        byte[] mine = RandomNumberGenerator.GetBytes(NonceBytes);
        await stream.WriteAsync((byte[])[.. Greeting, .. mine], cancellation).ConfigureAwait(false);
        var answer = new byte[NonceBytes + HMACSHA256.HashSizeInBytes];
        await stream.ReadExactlyAsync(answer, cancellation).ConfigureAwait(false);
        byte[] theirs = answer[..NonceBytes];
        if (!CryptographicOperations.FixedTimeEquals(answer.AsSpan(NonceBytes), Proof(secret, "listener"u8, mine, theirs)))
            throw new IOException("The tile server does not know this cluster's secret.");
        await stream.WriteAsync(Proof(secret, "caller"u8, mine, theirs), cancellation).ConfigureAwait(false);
    }

    /// <summary>The listening end.</summary>
    /// <exception cref="IOException">The caller is no silo of this cluster.</exception>
    public static async Task AnswerAsync(Stream stream, ReadOnlyMemory<byte> secret, CancellationToken cancellation)
    {
        var call = new byte[Greeting.Length + NonceBytes];
        await stream.ReadExactlyAsync(call, cancellation).ConfigureAwait(false);
        if (!call.AsSpan(0, Greeting.Length).SequenceEqual(Greeting))
            throw new IOException("The caller does not speak the tile protocol.");
        byte[] theirs = call[Greeting.Length..], mine = RandomNumberGenerator.GetBytes(NonceBytes);
        await stream.WriteAsync((byte[])[.. mine, .. Proof(secret, "listener"u8, theirs, mine)], cancellation).ConfigureAwait(false);
        var proof = new byte[HMACSHA256.HashSizeInBytes];
        await stream.ReadExactlyAsync(proof, cancellation).ConfigureAwait(false);
        if (!CryptographicOperations.FixedTimeEquals(proof, Proof(secret, "caller"u8, theirs, mine)))
            throw new IOException("The caller does not know this cluster's secret.");
    }

    private static byte[] Proof(ReadOnlyMemory<byte> secret, ReadOnlySpan<byte> role, byte[] caller, byte[] listener) =>
        HMACSHA256.HashData(secret.Span, [.. role, .. caller, .. listener]);
}
