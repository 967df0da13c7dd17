using System.Globalization;

namespace Distributed.Service.Benchmarks;

/// <summary>
/// Processor time of the server and of the clients, in seconds. Where the machine has other work, it tells what clients
/// cost a job when times of whole jobs differ by more than that.
/// </summary>
/// <param name="Compute">Of the server's compute threads.</param>
/// <param name="Rest">Of its other threads.</param>
/// <param name="Clients">Of this process.</param>
internal sealed record ProcessorTime(double Compute, double Rest, double Clients)
{
    private const double TicksPerSecond = 100;

    public static ProcessorTime Now(int server)
    {
        double compute = 0, rest = 0;
        foreach (string task in Directory.EnumerateDirectories($"/proc/{server}/task"))
        {
            // The name is in parentheses and may hold anything; utime and stime are the 12th and 13th fields behind it.
            string stat = File.ReadAllText(Path.Combine(task, "stat"));
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            double seconds = (Parse(fields[11]) + Parse(fields[12])) / TicksPerSecond;
            if (stat.Contains("(compute ", StringComparison.Ordinal))
                compute += seconds;
            else
                rest += seconds;
        }
        return new ProcessorTime(compute, rest, Environment.CpuUsage.TotalTime.TotalSeconds);
    }

    public static ProcessorTime operator -(ProcessorTime one, ProcessorTime other) =>
        new(one.Compute - other.Compute, one.Rest - other.Rest, one.Clients - other.Clients);

    public static ProcessorTime operator +(ProcessorTime one, ProcessorTime other) =>
        new(one.Compute + other.Compute, one.Rest + other.Rest, one.Clients + other.Clients);

    private static double Parse(string ticks) => double.Parse(ticks, NumberStyles.None, CultureInfo.InvariantCulture);
}
