using System.Net.Sockets;
using System.Text;

namespace Distributed.Silo.Tests.Fuzz;

/// <summary>
/// Bad input of every kind: never a 5xx, a crash, a hang, or a byte outside the data folder; memory stays bounded. 10,000
/// requests; ATTEND_FUZZ=N for more; ATTEND_SEED=N for others.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Workers = 4;
    private const long MostMemory = 1L << 30;
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Whatever_is_sent_is_answered_and_does_no_harm()
    {
        int cases = int.Parse(Environment.GetEnvironmentVariable("ATTEND_FUZZ") ?? "10000");
        int seed = int.Parse(Environment.GetEnvironmentVariable("ATTEND_SEED") ?? "1");
        await using TestSilo silo = await TestSilo.StartAsync(null, "--keep-days", "0.0001", "--memory-gb", "4");
        byte[] safetensors = TestTensors.Qkv(2, 10, 8), npy = Npy();
        await silo.PutAsync("v1/tensors/good", safetensors);
        await silo.PutAsync("v1/tensors/kept", safetensors);
        await silo.PutAsync("v1/documents/good", Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 40).Select(i => $"line {i % 7} of a text"))));
        await File.WriteAllTextAsync(Path.Combine(silo.Folder, "canary"), "untouched");
        var statuses = new int[600];
        // What tests before left behind is not this one's.
        GC.Collect();
        long before = Environment.WorkingSet;

        await Parallel.ForAsync(0, cases, new ParallelOptions { MaxDegreeOfParallelism = Workers }, async (number, _) =>
        {
            var random = new Random(unchecked(seed * 1_000_003 + number));
            if (random.Next(20) == 0)
                await BareAsync(silo, FuzzCases.Bare(random), number);
            else
                Interlocked.Increment(ref statuses[await SendAsync(silo, random, safetensors, npy, number)]);
            if (number % 500 == 0)
                Assert.True(Environment.WorkingSet - before < MostMemory, $"Case {number}: {(Environment.WorkingSet - before) >> 20} MiB more are in use than at the start.");
        });

        Assert.Equal(["canary", "data"], Directory.GetFileSystemEntries(silo.Folder).Select(Path.GetFileName).Order());
        Assert.Equal("untouched", await File.ReadAllTextAsync(Path.Combine(silo.Folder, "canary")));
        Assert.Equal(safetensors, await silo.Http.GetByteArrayAsync("v1/tensors/kept"));
        output.WriteLine($"{cases} cases: {string.Join(", ", statuses.Index().Where(status => status.Item > 0).Select(status => $"{status.Item} × {status.Index}"))}");
        Assert.True(statuses[202] > 0 && statuses[201] > 0 && statuses[400] > 0, "The cases are all alike: none was accepted, or none refused.");
    }

    private static async Task<int> SendAsync(TestSilo silo, Random random, byte[] safetensors, byte[] npy, int number)
    {
        HttpRequestMessage request;
        try
        {
            request = FuzzCases.Make(random, safetensors, npy);
        }
        catch (UriFormatException)
        {
            return 0;
        }
        using (request)
        {
            using var late = new CancellationTokenSource(AnswersWithin);
            try
            {
                using HttpResponseMessage answer = await silo.Http.SendAsync(request, late.Token);
                int status = (int)answer.StatusCode;
                Assert.True(status < 500, $"Case {number}: {request.Method} {request.RequestUri} was answered {status}: {await answer.Content.ReadAsStringAsync(late.Token)}\n{await SentAsync(request)}");
                return status;
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Case {number}: {request.Method} {request.RequestUri} was not answered within {AnswersWithin}.\n{await SentAsync(request)}");
                return 0;
            }
            catch (Exception refused) when (refused is HttpRequestException { InnerException: IOException or SocketException } or HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or FormatException)
            {
                // The server closed the connection while more was coming, or .NET does not send such a header.
                return 0;
            }
        }
    }

    private static async Task BareAsync(TestSilo silo, byte[] bytes, int number)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(silo.Http.BaseAddress!.Host, silo.Http.BaseAddress.Port);
        using var late = new CancellationTokenSource(AnswersWithin);
        try
        {
            using NetworkStream stream = socket.GetStream();
            await stream.WriteAsync(bytes, late.Token);
            socket.Client.Shutdown(SocketShutdown.Send);
            var answer = new byte[4096];
            int read = await stream.ReadAsync(answer, late.Token);
            string said = Encoding.Latin1.GetString(answer, 0, read);
            Assert.False(said.StartsWith("HTTP/1.1 5", StringComparison.Ordinal) && !said.StartsWith("HTTP/1.1 505", StringComparison.Ordinal)
                && !said.StartsWith("HTTP/1.1 507", StringComparison.Ordinal), $"Case {number}: the answer to bare bytes was {said}");
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Case {number}: bare bytes were not answered within {AnswersWithin}: {Encoding.Latin1.GetString(bytes, 0, Math.Min(300, bytes.Length))}");
        }
        catch (Exception closed) when (closed is IOException or SocketException)
        {
            // Closing the connection is an answer, too.
        }
    }

    private static async Task<string> SentAsync(HttpRequestMessage request)
    {
        byte[] sent = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync();
        return $"{request.Headers}{request.Content?.Headers}{Encoding.Latin1.GetString(sent, 0, Math.Min(1000, sent.Length))}";
    }

    private static byte[] Npy()
    {
        string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 10, 8), }";
        header = header.PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. Encoding.ASCII.GetBytes(header), .. new byte[160 * 4]];
    }
}

/// <summary>Tests that run while no other does: others of the process take memory, which this one measures.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
