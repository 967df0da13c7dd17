using System.Diagnostics;

namespace Distributed.Service.Benchmarks;

/// <summary>The list page with many jobs: all of them on one page, and the usual page.</summary>
internal static class LongList
{
    private const int AtOnce = 16, Looks = 50;

    public static async Task RunAsync(BenchServer server, int jobs)
    {
        await server.PutAsync("v1/tensors/tiny", BenchServer.Qkv(1, 4, 4));
        long began = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, jobs, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, _) => await server.SubmitAsync("""{"version":1,"input":"tensor:tiny"}"""));
        Console.WriteLine($"{jobs} jobs taken on in {Stopwatch.GetElapsedTime(began).TotalSeconds:f0} s");
        while ((await server.Http.GetStringAsync("v1/jobs?state=waiting,running&limit=1")).Contains("\"id\"", StringComparison.Ordinal))
            await Task.Delay(500);
        foreach (int limit in new[] { jobs, 100 })
        {
            var times = new List<double>();
            int bytes = 0;
            for (int look = 0; look < Looks; look++)
            {
                began = Stopwatch.GetTimestamp();
                bytes = (await server.Http.GetByteArrayAsync($"v1/jobs?limit={limit}")).Length;
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            times.Sort();
            Console.WriteLine($"limit={limit}: {bytes} bytes, median {times[Looks / 2]:f1} ms, most {times[^1]:f1} ms");
        }
    }
}
