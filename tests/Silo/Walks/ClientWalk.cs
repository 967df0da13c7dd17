using System.Runtime.CompilerServices;
using Distributed.Client;

namespace Distributed.Silo.Tests.Walks;

/// <summary>The walk with .NET of docs/api.md; the test compares the two word for word.</summary>
internal static class ClientWalk
{
    /// <summary>The code between the marks, as it stands in docs/api.md.</summary>
    public static string Source
    {
        get
        {
            string file = File.ReadAllText(Path());
            string code = file[(file.IndexOf("// begin\n", StringComparison.Ordinal) + "// begin\n".Length)..file.IndexOf("        // end\n", StringComparison.Ordinal)];
            return code.Replace("new SiloClient(server)", "new SiloClient(new Uri(\"http://127.0.0.1:8470\"))", StringComparison.Ordinal)
                .Replace("In(folder, \"book.txt\")", "\"book.txt\"", StringComparison.Ordinal)
                .Replace("In(folder, \"links.json\")", "\"links.json\"", StringComparison.Ordinal);
        }
    }

    public static async Task RunAsync(Uri server, string folder)
    {
        // begin
        using var client = new SiloClient(server);

        await client.UploadAsync(StoredKind.Documents, "book.txt", In(folder, "book.txt"));
        JobStatus job = await client.SubmitAsync(
            """{"version": 1, "document": "document:book.txt", "links": 5}""", new SubmitOptions { Name = "walk" });

        await foreach (JobStatus status in client.WatchAsync(job.Id))
            Console.WriteLine($"{status.State} {status.Done:p0}, {status.Rate / 1e9:f1} GFLOP/s, {status.SecondsLeft} s left");

        await client.FetchAsync(job.Id, In(folder, "links.json"), "links.json");
        await client.RemoveAsync(job.Id);
        await client.RemoveAsync(StoredKind.Documents, "book.txt");
        // end
    }

    private static string In(string folder, string name) => System.IO.Path.Combine(folder, name);

    private static string Path([CallerFilePath] string path = "") => path;
}
