using System.Net;
using System.Net.Sockets;

namespace Distributed.Grains.Tests.Tiles;

/// <summary>Passes a stream on and flips one bit of what comes back, far behind the handshake.</summary>
internal sealed class DamagingRelay : IAsyncDisposable
{
    private const int DamageAt = 20_000;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Task _relaying;

    public DamagingRelay(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _relaying = RelayAsync();
    }

    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

    public bool Damaged { get; private set; }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _relaying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RelayAsync()
    {
        using TcpClient caller = await _listener.AcceptTcpClientAsync();
        using var server = new TcpClient();
        await server.ConnectAsync(_target);
        NetworkStream near = caller.GetStream(), far = server.GetStream();
        Task there = near.CopyToAsync(far).ContinueWith(_ => server.Client.Shutdown(SocketShutdown.Send), TaskScheduler.Default);
        var bytes = new byte[4096];
        for (int at = 0, read; (read = await far.ReadAsync(bytes)) > 0; at += read)
        {
            if (at <= DamageAt && at + read > DamageAt)
            {
                bytes[DamageAt - at] ^= 4;
                Damaged = true;
            }
            await near.WriteAsync(bytes.AsMemory(0, read));
        }
        await there;
    }
}
