using System.Net;
using Distributed.Engine;
using Distributed.Engine.Tiles;
using Distributed.Grains.Hosting;
using Distributed.Grains.Tiles;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distributed.Grains.Tests.Tiles;

public sealed class TlsTileStreamTests : IDisposable
{
    private static readonly byte[] Secret = "a secret of the cluster"u8.ToArray();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("tls").FullName;
    private readonly TestAuthority _ours, _theirs;
    private readonly TilePart _part = new(Guid.NewGuid(), 3, 5, 7);

    public TlsTileStreamTests() => (_ours, _theirs) = (new TestAuthority(_folder, "ours"), new TestAuthority(_folder, "theirs"));

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Parts_pass_between_silos_of_one_authority()
    {
        var to = new byte[TileLayout.PartBytes];

        Assert.True(await FetchAsync(Of(_ours, "listener"), Of(_ours, "caller"), to));
        Assert.All(to, value => Assert.Equal(Content, value));
    }

    [Fact]
    public async Task A_caller_of_another_authority_gets_nothing_though_it_knows_the_secret()
    {
        SiloTls listener = Of(_ours, "listener");
        var refused = new TaskCompletionSource<string>();
        listener.Refused = why => refused.TrySetResult(why);

        await Assert.ThrowsAnyAsync<IOException>(() => FetchAsync(listener, Stranger(thatTrusts: _ours), new byte[10]));
        Assert.Contains("CN=stranger", await refused.Task.WaitAsync(Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listener_of_another_authority_is_not_talked_to() =>
        await Assert.ThrowsAnyAsync<IOException>(() => FetchAsync(Of(_theirs, "stranger"), Of(_ours, "caller"), new byte[10]));

    [Fact]
    public async Task Who_does_not_encrypt_gets_nothing() =>
        await Assert.ThrowsAnyAsync<IOException>(() => FetchAsync(Of(_ours, "listener"), null, new byte[10]));

    [Fact]
    public void A_certificate_that_its_own_authority_has_not_signed_is_refused_before_the_start()
    {
        (string certificate, string key) = _theirs.Sign("silo");

        InputException error = Assert.Throws<InputException>(() => SiloTls.Read(certificate, key, _ours.Path));

        Assert.Contains(certificate, error.Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => SiloTls.Read(Path.Combine(_folder, "missing.pem"), key, _ours.Path));
    }

    private const byte Content = 0x5a;

    private static SiloTls Of(TestAuthority authority, string silo)
    {
        (string certificate, string key) = authority.Sign(silo);
        return SiloTls.Read(certificate, key, authority.Path);
    }

    /// <summary>
    /// A silo of the other authority. One that did not trust the listener would hang up, perhaps before the listener has seen its
    /// certificate.
    /// </summary>
    private SiloTls Stranger(TestAuthority thatTrusts)
    {
        (string certificate, string key) = _theirs.Sign("stranger");
        string both = Path.Combine(_folder, "both.pem");
        File.WriteAllLines(both, [File.ReadAllText(_theirs.Path), File.ReadAllText(thatTrusts.Path)]);
        return SiloTls.Read(certificate, key, both);
    }

    private async Task<bool> FetchAsync(SiloTls? listener, SiloTls? caller, byte[] to)
    {
        await using var server = new TcpTileServer(
            new IPEndPoint(IPAddress.Loopback, 0), Secret, new Filled(), NullLogger<TcpTileServer>.Instance, listener);
        await using var transport = new TcpTileTransport(Secret, caller);
        using var late = new CancellationTokenSource(Patience);
        return (await transport.FetchAsync(new TilePeer("silo", server.Endpoint.ToString()), _part, TileAsk.Owner, to, late.Token)).Has;
    }

    private sealed class Filled : ITileShelf
    {
        public TileAnswer TryRead(TilePart part, TileAsk ask, bool busy, Span<byte> destination)
        {
            destination.Fill(Content);
            return TileAnswer.Gives(destination.Length);
        }
    }
}
