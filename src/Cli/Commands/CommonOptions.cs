using System.CommandLine;
using Distributed.Cli.Clusters;
using Distributed.Cli.Parsing;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Kernels.Devices;

namespace Distributed.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary>Result as JSON.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print the result as one JSON object." };

    /// <summary>Blocks of the ring.</summary>
    public static Option<int?> Blocks { get; } = Parsers.Of(
        "--blocks", "N", "Blocks of the ring. The result is the same, to the bit. [default: 1]", Parsers.Whole<int>("Blocks"));

    /// <summary>Silos to run on; null = in this process.</summary>
    public static Option<IReadOnlyList<Uri>?> Cluster { get; } = Parsers.Of<IReadOnlyList<Uri>?>(
        "--cluster", "URL,...",
        "Run on a cluster that sees the same files, by the HTTP endpoint of a silo; of several, the next is asked when one is lost. " +
        "Silos have threads of their own: --threads is for the work of this process alone.",
        ClusterRun.Addresses);

    /// <summary>Compute threads.</summary>
    public static Option<int?> Threads { get; } = Parsers.Of(
        "--threads", "N", "Compute threads. The result is the same, to the bit. [default: all processors]",
        Parsers.Whole<int>("Threads"));

    /// <summary>The device that folds tiles.</summary>
    public static Option<DeviceChoice> Device { get; } = Parsers.Of(
        "--device", "auto|cpu|cuda[:N]|opencl[:N]", "What folds tiles. [default: auto, a GPU if one is found that works, else the CPU]", Names.Device);
}
