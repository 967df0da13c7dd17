using System.Collections.Concurrent;
using System.Diagnostics;

namespace Distributed.Service.Benchmarks;

/// <summary>
/// What clients cost a job: half of them look at it once a second, half follow its events, while it computes. The same
/// job is run in turn with them and without, so that what else the machine does counts for both.
/// </summary>
internal static class ManyClients
{
    private const int Rounds = 5;

    public static async Task RunAsync(BenchServer server, int clients)
    {
        await server.PutAsync("v1/tensors/job", BenchServer.Qkv(4, 48_000, 64));
        const string Job = """{"version":1,"input":"tensor:job","causal":"top-left"}""";
        await server.SecondsOfAsync(await server.SubmitAsync(Job));
        var alone = new List<double>();
        var together = new List<double>();
        var latencies = new ConcurrentBag<double>();
        long events = 0;
        var (without, with) = (new ProcessorTime(0, 0, 0), new ProcessorTime(0, 0, 0));
        for (int round = 0; round < Rounds; round++)
        {
            ProcessorTime began = ProcessorTime.Now(server.Id);
            alone.Add(await server.SecondsOfAsync(await server.SubmitAsync(Job)));
            without += ProcessorTime.Now(server.Id) - began;
            began = ProcessorTime.Now(server.Id);
            Guid job = await server.SubmitAsync(Job);
            using var stop = new CancellationTokenSource();
            Task[] all = [.. Enumerable.Range(0, clients).Select(i => i % 2 == 0
                ? PollAsync(server, job, latencies, i, stop.Token)
                : FollowAsync(server, job, () => Interlocked.Increment(ref events), stop.Token))];
            together.Add(await server.SecondsOfAsync(job));
            with += ProcessorTime.Now(server.Id) - began;
            await stop.CancelAsync();
            await Task.WhenAll(all);
        }
        double[] sorted = [.. latencies.Order()];
        Console.WriteLine($"job alone        {string.Join(", ", alone.Select(seconds => $"{seconds:f2}"))} s, median {Median(alone):f3} s");
        Console.WriteLine($"with {clients} clients {string.Join(", ", together.Select(seconds => $"{seconds:f2}"))} s, median {Median(together):f3} s: {Median(together) / Median(alone) - 1:p1} more");
        // What is left of the cores is what a job that wants all of them has.
        Console.WriteLine($"processor time   compute {without.Compute:f2} s alone, {with.Compute:f2} s with them ({with.Compute / without.Compute - 1:p1} more); "
            + $"server's other threads {without.Rest:f2} and {with.Rest:f2} s, clients {without.Clients:f2} and {with.Clients:f2} s: "
            + $"{(with.Rest - without.Rest) / with.Compute:p1} and {(with.Clients - without.Clients) / with.Compute:p1} of the job's");
        Console.WriteLine($"GET /v1/jobs/ID  {sorted.Length} requests, median {sorted[sorted.Length / 2]:f2} ms, p99 {sorted[(int)(sorted.Length * 0.99)]:f2} ms, most {sorted[^1]:f2} ms; {events} events");
    }

    private static async Task PollAsync(BenchServer server, Guid job, ConcurrentBag<double> latencies, int number, CancellationToken stop)
    {
        try
        {
            await Task.Delay(number * 1000 / 200, stop);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            do
            {
                long began = Stopwatch.GetTimestamp();
                (await server.Http.GetAsync($"v1/jobs/{job}", stop)).Dispose();
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The job has ended.
        }
    }

    private static async Task FollowAsync(BenchServer server, Guid job, Action seen, CancellationToken stop)
    {
        try
        {
            using Stream stream = await server.Http.GetStreamAsync($"v1/jobs/{job}/events", stop);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(stop) is { } line)
            {
                if (line.StartsWith("id:", StringComparison.Ordinal))
                    seen();
            }
        }
        catch (OperationCanceledException)
        {
            // The job has ended.
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
