using System.Globalization;
using Distributed.Engine;

namespace Distributed.Cli.Clusters;

/// <summary>
/// A control group of Linux that gives a process no more than a share of a processor: version 2 where it has the controller,
/// else version 1. Making one takes root.
/// </summary>
internal sealed class CpuLimit : IDisposable
{
    private const int PeriodMicroseconds = 100_000;
    private const string Root = "/sys/fs/cgroup", First = Root + "/cpu";

    private readonly string _group;

    private CpuLimit(string group) => _group = group;

    /// <summary>Limits a process, and what it will start.</summary>
    /// <param name="process">The process.</param>
    /// <param name="share">Share of a processor.</param>
    /// <exception cref="InputException">Control groups cannot be used here.</exception>
    public static CpuLimit Of(int process, double share)
    {
        string quota = ((long)(share * PeriodMicroseconds)).ToString(CultureInfo.InvariantCulture);
        try
        {
            bool second = HasSecond();
            string group = Path.Combine(second ? Root : First, $"attend-{process}");
            Directory.CreateDirectory(group);
            var limit = new CpuLimit(group);
            try
            {
                if (second)
                {
                    Write(Path.Combine(group, "cpu.max"), $"{quota} {PeriodMicroseconds}");
                }
                else
                {
                    Write(Path.Combine(group, "cpu.cfs_period_us"), $"{PeriodMicroseconds}");
                    Write(Path.Combine(group, "cpu.cfs_quota_us"), quota);
                }
                Write(Path.Combine(group, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
                return limit;
            }
            catch
            {
                limit.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"Process {process} cannot be limited to {share} of a processor: that takes root, and control groups in {Root}: {error.Message}", error);
        }
    }

    /// <summary>Takes the group away. Its process must have ended.</summary>
    public void Dispose() => Directory.Delete(_group);

    private static bool HasSecond()
    {
        string controllers = Path.Combine(Root, "cgroup.controllers");
        if (!File.Exists(controllers) || !File.ReadAllText(controllers).Split(' ', '\n').Contains("cpu"))
            return false;
        // Groups below the root have the controller only when it is passed on to them.
        Write(Path.Combine(Root, "cgroup.subtree_control"), "+cpu");
        return true;
    }

    /// <summary>Files of control groups are there already, and take no truncation.</summary>
    private static void Write(string path, string text)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        file.Write(System.Text.Encoding.ASCII.GetBytes(text));
    }
}
