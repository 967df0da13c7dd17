using System.Globalization;
using System.Text.Json;
using Distributed.Client;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend job</c> and <c>attend tensor</c> print.</summary>
internal static class ServerReport
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Prints a value as JSON.</summary>
    public static void Json<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Indented));

    /// <summary>Prints a job.</summary>
    public static void Job(JobStatus job)
    {
        Line("job", $"{job.Id}{(job.Name is null ? "" : $" ({job.Name})")}");
        Line("state", job.Error is null ? job.State : $"{job.State}: {job.Error}");
        if (job.WaitsFor is { } waits)
            Line("waits for", waits);
        Line("done", string.Create(CultureInfo.InvariantCulture, $"{job.Done * 100:f1} %, {job.TilesDone} of {job.Tiles} tiles, {job.Seconds:f2} s"));
        foreach (JobFile file in job.Files)
            Line("file", $"{file.Name}, {file.Bytes} bytes");
    }

    /// <summary>Prints a list of jobs.</summary>
    public static void Jobs(JobPage page)
    {
        foreach (JobSummary job in page.Jobs)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{job.Id}  {job.State,-10} {job.Done * 100,5:f1} %  {job.Submitted.UtcDateTime:yyyy-MM-dd HH:mm:ss}  {job.Owner}  {job.Name}").TrimEnd());
        }
        if (page.Next is not null)
            Console.Error.WriteLine("There are more; --limit lists them.");
    }

    /// <summary>Prints stored files.</summary>
    public static void Files(IReadOnlyList<StoredFile> files)
    {
        foreach (StoredFile file in files)
        {
            string tensors = string.Join(", ", file.Tensors.Select(tensor => $"{tensor.Name} {tensor.DType} [{string.Join(", ", tensor.Shape)}]"));
            Console.Out.WriteLine($"{file.Name}  {file.Bytes} bytes  {tensors}".TrimEnd());
        }
    }

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-10}{value}");
}
