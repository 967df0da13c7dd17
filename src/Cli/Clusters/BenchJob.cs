using System.Security.Cryptography;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Clusters;

/// <summary>A job over random numbers in a folder, to be run in several ways.</summary>
internal static class BenchJob
{
    private static readonly string[] Names = ["q", "k", "v"];

    /// <summary>Writes the input.</summary>
    /// <returns>The job; its output is to be chosen (<see cref="OutputOf"/>).</returns>
    public static FileJobSpecification Create(
        string folder, long rows, int heads, int dim, AttentionOptions options, CancellationToken cancellation)
    {
        string input = Path.Combine(folder, "job.safetensors");
        using TensorFileWriter writer = TensorFileWriter.Create(
            input, [.. Names.Select(name => new TensorSpec(name, ElementType.F32, 1, heads, rows, dim))]);
        var random = new Random(1);
        var row = new float[dim];
        foreach (string name in Names)
        {
            for (long i = 0; i < heads * rows; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (ref float number in row.AsSpan())
                    number = random.NextSingle() * 2 - 1;
                writer[name].WriteRows(i, row);
            }
        }
        writer.Commit();
        return new FileJobSpecification { Inputs = TensorPaths.InOneFile(input), Output = "", Options = options };
    }

    /// <summary>Where a run's output goes.</summary>
    public static string OutputOf(FileJobSpecification job, string where) =>
        Path.ChangeExtension(job.Inputs.Together!, $".{where}.safetensors");

    /// <summary>Whether two outputs are the same, byte for byte.</summary>
    public static bool AreAlike(string one, string other)
    {
        using FileStream first = File.OpenRead(one), second = File.OpenRead(other);
        return SHA256.HashData(first).AsSpan().SequenceEqual(SHA256.HashData(second));
    }

    /// <summary>Refuses outputs that differ.</summary>
    /// <exception cref="IOException">They do.</exception>
    public static void RefuseDifference(string one, string other)
    {
        if (!AreAlike(one, other))
            throw new IOException("The cluster's output differs from that of one process: this is a bug.");
    }

    /// <summary>The largest difference of two outputs, relative to the largest number.</summary>
    public static double Difference(string one, string other)
    {
        using TensorFile first = TensorFile.Open(one), second = TensorFile.Open(other);
        MappedTensor a = first.Map(first.Tensors[0].Name), b = second.Map(second.Tensors[0].Name);
        float[] here = new float[a.Info.RowLength], there = new float[here.Length];
        double largest = 0, apart = 0;
        for (long row = 0; row < a.Info.RowCount; row++)
        {
            a.ReadF32(row * here.Length, here);
            b.ReadF32(row * here.Length, there);
            for (int i = 0; i < here.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(here[i]));
                // A NaN on one side alone is a difference without bound.
                apart = Math.Max(apart, here[i].Equals(there[i]) ? 0 : float.IsFinite(here[i] - there[i]) ? Math.Abs((double)here[i] - there[i]) : double.PositiveInfinity);
            }
        }
        return largest == 0 ? apart : apart / largest;
    }
}
