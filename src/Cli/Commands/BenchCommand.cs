using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Engine;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;

namespace Distributed.Cli.Commands;

/// <summary><c>attend bench</c>: what this machine can do, and how much of it the kernels reach.</summary>
internal static class BenchCommand
{
    private const double SecondsPerShape = 2;

    /// <summary>The shapes measured: few enough for a minute, one for each way to use the engine.</summary>
    private static (string Name, KernelShape Shape)[] Shapes =>
    [
        ("full, D = 64, S = 4096, 8 heads", KernelShape.Square(8, 4096, 64)),
        ("causal, D = 64, S = 4096, 8 heads", KernelShape.Square(8, 4096, 64).AsCausal()),
        ("full, D = 128, S = 4096, 8 heads", KernelShape.Square(8, 4096, 128)),
        ("causal, D = 128, S = 4096, 8 heads", KernelShape.Square(8, 4096, 128).AsCausal()),
        ("full, D = 128, S = 4096, GQA 8:1", new KernelShape(8, 1, 4096, 4096, 128, 128)),
        ("window 4096, D = 128, S = 32768, 1 head", KernelShape.Square(1, 32_768, 128).AsWindow(4096)),
    ];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "bench",
            "Measures the machine's multiply-add peak and memory bandwidth, then the kernel's share of the peak. About a " +
            "minute; let nothing else run.\n\nExample:\n  attend bench --threads 1")
        {
            CommonOptions.Threads, CommonOptions.Json,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => Task.Run(
            () => Run(parsed.GetValue(CommonOptions.Threads) ?? Environment.ProcessorCount, parsed.GetValue(CommonOptions.Json), cancellation),
            cancellation)));
        return command;
    }

    private static void Run(int threads, bool asJson, CancellationToken cancellation)
    {
        if (threads is < 1 or > 1024)
            throw new InputException($"Threads {threads} is out of range; 1 to 1024 is expected.");
        CpuKernel kernel = CpuKernels.Best;
        double peak = MachinePeak.MultiplyAddRate(threads, PeakShare.RegisterBits(kernel), WorkClock.Wall, seconds: 0.5);
        double bandwidth = MachinePeak.ReadBandwidth(threads);
        var report = new BenchReport(kernel.Name, threads, peak, bandwidth);
        if (!asJson)
            report.WriteHeading(Console.Out);
        foreach ((string name, KernelShape shape) in Shapes)
        {
            cancellation.ThrowIfCancellationRequested();
            PeakShare share = PeakShare.Measure(kernel, shape, threads, WorkClock.Wall, SecondsPerShape);
            report.Add(name, share);
            if (!asJson)
                BenchReport.WriteLine(Console.Out, name, share);
        }
        if (asJson)
        {
            using Stream to = Console.OpenStandardOutput();
            report.WriteJson(to);
        }
    }
}
