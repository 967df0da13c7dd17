using System.Diagnostics;
using System.Security.Cryptography;
using Distributed.Kernels.Additive;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Tests.Linear;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>
/// The same bits in a process that may not use some instructions. A child process computes the hash of outputs, with the
/// runtime's own switches set; it is this test assembly, told by an environment variable to run one test.
/// </summary>
public sealed class InstructionSets
{
    private const string Report = "DISTRIBUTED_KERNELS_REPORT";

    [Theory]
    [InlineData("", "avx512,avx2,fma128,scalar")]
    [InlineData("DOTNET_EnableAVX512", "avx2,fma128,scalar")]
    [InlineData("DOTNET_EnableAVX2", "scalar")]
    [InlineData("DOTNET_EnableHWIntrinsic", "scalar")]
    public void Switched_off_leave_the_bits_as_they_are(string off, string kernelsOnAvx512)
    {
        string file = Path.GetTempFileName();
        try
        {
            var child = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
            if (Path.GetFileNameWithoutExtension(child.FileName) is "dotnet")
                child.ArgumentList.Add(typeof(InstructionSets).Assembly.Location);
            child.ArgumentList.Add("-method");
            child.ArgumentList.Add($"{typeof(InstructionSets).FullName}.{nameof(Write_what_the_best_kernel_gives)}");
            child.Environment[Report] = file;
            if (off.Length > 0)
                child.Environment[off] = "0";
            using Process process = Process.Start(child)!;
            string said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            string[] lines = File.ReadAllLines(file);
            Assert.True(lines.Length == 2, $"The child process with {off}=0 wrote no report. It said: {said}");
            if (System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
                Assert.Equal(kernelsOnAvx512, lines[0]);
            Assert.Equal(Hash(), lines[1]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Write_what_the_best_kernel_gives()
    {
        string hash = Hash();
        if (Environment.GetEnvironmentVariable(Report) is { } file)
            File.WriteAllLines(file, [string.Join(',', CpuKernels.Supported.Select(kernel => kernel.Name)), hash]);
        Assert.Equal(64, hash.Length);
    }

    private static string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((int seed, IAttentionMask mask, ElementType type) in new (int, IAttentionMask, ElementType)[]
        {
            (1, MaskSet.None, ElementType.F32), (2, BandMask.Causal("top-left", 0), ElementType.F16), (3, BandMask.Window(9, 30, 5), ElementType.BF16),
        })
        {
            HeadCase head = HeadCase.Random(seed, 90, 1100, 45, 37, mask, scale: 0.7);
            (float[,] output, float[] lse) = (type == ElementType.F32 ? head : head.RoundedTo(type)).Run(CpuKernels.Best, type);
            foreach (float number in output.Cast<float>().Concat(lse))
                hash.AppendData(BitConverter.GetBytes(number));
            (output, lse) = head.Run(new AdditiveKernel(CpuKernels.Best, [.. Enumerable.Range(-22, 45).Select(i => i / 60f)]), type);
            foreach (float number in output.Cast<float>().Concat(lse))
                hash.AppendData(BitConverter.GetBytes(number));
        }
        foreach ((int rows, int dim) in new[] { (1, 64), (4, 128), (9, 80), (2, 45) })
        {
            (float[,] output, float[] lse) = HeadCase.Random(rows, rows, 1100, dim, dim, scale: 0.3).Run(CpuKernels.Best, direct: true);
            foreach (float number in output.Cast<float>().Concat(lse))
                hash.AppendData(BitConverter.GetBytes(number));
        }
        foreach (FeatureMap map in Enum.GetValues<FeatureMap>())
        {
            foreach (float number in LinearBits.All(map))
                hash.AppendData(BitConverter.GetBytes(number));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
