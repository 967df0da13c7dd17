using System.Diagnostics;

namespace Distributed.Service.Benchmarks;

/// <summary>The list page with many jobs: all of them on one page, and the usual page.</summary>
internal static class LongList
{
    private const int Looks = 50;

    public static async Task RunAsync(BenchServer server, int jobs)
    {
        await server.PutAsync("v1/tensors/tiny", BenchServer.Qkv(1, 4, 4));
        Guid one = await server.SubmitAsync("""{"version":1,"input":"tensor:tiny"}""");
        await server.SecondsOfAsync(one);
        // The others are copies of its record: computing them would take minutes, and a list shows no more of them.
        await server.RestartAsync(data =>
        {
            string record = Directory.GetFiles(Path.Combine(data, "queue"), "*.json", SearchOption.AllDirectories).Single();
            string text = File.ReadAllText(record);
            for (int job = 1; job < jobs; job++)
            {
                var id = Guid.CreateVersion7();
                File.WriteAllText(Path.Combine(Path.GetDirectoryName(record)!, $"{id:n}.json"), text.Replace($"{one}", $"{id}", StringComparison.Ordinal));
            }
        });
        foreach (int limit in new[] { jobs, 100 })
        {
            var times = new List<double>();
            int bytes = 0;
            for (int look = 0; look < Looks; look++)
            {
                long began = Stopwatch.GetTimestamp();
                byte[] page = await server.Http.GetByteArrayAsync($"v1/jobs?limit={limit}");
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                bytes = page.Length;
                int found = page.AsSpan().Count("\"id\":"u8);
                if (found != limit)
                    throw new InvalidOperationException($"The page has {found} jobs; {limit} were to be there.");
            }
            times.Sort();
            Console.WriteLine($"limit={limit}: {bytes} bytes, median {times[Looks / 2]:f1} ms, most {times[^1]:f1} ms");
        }
    }
}
