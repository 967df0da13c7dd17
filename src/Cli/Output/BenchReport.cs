using System.Text.Json;
using Distributed.Kernels.Cpu.Roofline;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend bench</c> prints.</summary>
/// <param name="kernel">Name of the kernel.</param>
/// <param name="threads">Threads.</param>
/// <param name="peak">Multiply-add peak, floating-point operations per second.</param>
/// <param name="bandwidth">Bytes read from memory per second.</param>
internal sealed class BenchReport(string kernel, int threads, double peak, double bandwidth)
{
    private readonly List<(string Name, PeakShare Share)> _rows = [];

    /// <summary>Keeps a measured shape for the JSON.</summary>
    public void Add(string name, PeakShare share) => _rows.Add((name, share));

    /// <summary>What the machine can do, for people.</summary>
    public void WriteHeading(TextWriter to)
    {
        to.WriteLine($"threads {threads}, kernel {kernel}");
        to.WriteLine($"multiply-add peak {peak / 1e9:f0} GFLOP/s, memory reads {bandwidth / 1e9:f1} GB/s");
        to.WriteLine();
        to.WriteLine($"{"shape",-42}{"of peak",10}{"GFLOP/s",10}");
    }

    /// <summary>One shape, for people.</summary>
    public static void WriteLine(TextWriter to, string name, PeakShare share) =>
        to.WriteLine($"{name,-42}{share.Median,10:p1}{share.Rate / 1e9,10:f0}");

    /// <summary>All of it, as one JSON object.</summary>
    public void WriteJson(Stream to)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("kernel", kernel);
        json.WriteNumber("threads", threads);
        json.WriteNumber("peak_gflops_per_second", peak / 1e9);
        json.WriteNumber("read_gigabytes_per_second", bandwidth / 1e9);
        json.WriteStartArray("shapes");
        foreach ((string name, PeakShare share) in _rows)
        {
            json.WriteStartObject();
            json.WriteString("shape", name);
            json.WriteNumber("share_of_peak", share.Median);
            json.WriteNumber("best_share_of_peak", share.Best);
            json.WriteNumber("gflops_per_second", share.Rate / 1e9);
            json.WriteNumber("runs", share.Runs);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        to.WriteByte((byte)'\n');
    }
}
