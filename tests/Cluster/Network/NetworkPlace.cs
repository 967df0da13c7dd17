using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Distributed.Cluster.Tests.Network;

/// <summary>A place in a <see cref="TestNetwork"/> that a process can be started in.</summary>
/// <param name="Name">The namespace.</param>
/// <param name="Address">Its address.</param>
internal sealed partial record NetworkPlace(string Name, string Address)
{
    private const int NewNetwork = 0x40000000;

    /// <summary>Connects to a port that listens on the place's own loopback interface.</summary>
    public Task<Stream> ConnectAsync(int port)
    {
        var done = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A socket belongs to the network that its thread is in when it is made; the thread ends and takes that with it.
        var thread = new Thread(() =>
        {
            try
            {
                int place = Open($"/var/run/netns/{Name}", 0);
                if (place < 0 || SetNamespace(place, NewNetwork) != 0)
                    throw new InvalidOperationException($"Network {Name} cannot be entered: error {Marshal.GetLastPInvokeError()}.");
                _ = Close(place);
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect("127.0.0.1", port);
                done.SetResult(new NetworkStream(socket, ownsSocket: true));
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        })
        { IsBackground = true };
        thread.Start();
        return done.Task;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int file, int kind);
}
