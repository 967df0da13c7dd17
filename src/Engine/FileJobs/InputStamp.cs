using System.Globalization;

namespace Distributed.Engine.FileJobs;

/// <summary>
/// Length and time of change of a job's input files. A file that changes while a job runs would mix two inputs in one
/// output, so every silo looks before it begins.
/// </summary>
public static class InputStamp
{
    /// <summary>What the files are like now.</summary>
    public static string Of(TensorPaths inputs) => string.Join(
        ';', inputs.All.Select(path => new FileInfo(path)).Select(file =>
            string.Create(CultureInfo.InvariantCulture, $"{file.Length},{file.LastWriteTimeUtc.Ticks}")));

    /// <summary>Checks that the files are what they were.</summary>
    /// <exception cref="InputException">One was changed, or this silo sees another file there.</exception>
    public static void Check(TensorPaths inputs, string stamp)
    {
        if (inputs.All.FirstOrDefault(path => !File.Exists(path)) is { } missing)
            throw new InputException($"Input '{missing}' is not there; every silo must see it.");
        if (Of(inputs) != stamp)
            throw new InputException($"Input {string.Join(", ", inputs.All)} is not what it was when the job was taken on; it must not change while the job runs.");
    }
}
