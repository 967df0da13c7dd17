using System.Text.Json;
using Distributed.Client;
using Distributed.Engine.FileJobs;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend run --cluster</c> prints when it is done.</summary>
internal static class ClusterRunReport
{
    /// <summary>Prints it to stdout.</summary>
    /// <param name="job">The job.</param>
    /// <param name="done">How it ended.</param>
    /// <param name="asJson">As one JSON object instead of for people.</param>
    public static void Print(FileJobSpecification job, JobStatus done, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new { output = job.Output, job = done }, Indented));
            return;
        }
        Console.Out.WriteLine($"wrote     {job.Output}");
        Console.Out.WriteLine($"job       {done.Id}");
        Console.Out.WriteLine(
            $"time      {done.Seconds:f2} s, {(done.Seconds > 0 ? done.Flops / done.Seconds / 1e9 : 0):g3} GFLOP/s, {done.Blocks} blocks");
        foreach (JobSilo silo in done.Silos)
        {
            Console.Out.WriteLine(
                $"silo      {silo.Silo}: {silo.Finished} blocks, waited for tiles {silo.Waiting:p1} of its time{(silo.Alive ? "" : ", lost")}");
        }
        if (done.AttemptsLost > 0)
            Console.Out.WriteLine($"lost      {done.AttemptsLost} attempts of blocks with their silos; {done.Redone:p1} of the work was done again");
    }

    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}
