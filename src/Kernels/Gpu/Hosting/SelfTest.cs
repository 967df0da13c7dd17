using Distributed.Kernels.Devices;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.States;
using ILGPU.Runtime.Cuda;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>Small problems, folded on a device and on the CPU. A device that is wrong is not used.</summary>
internal static class SelfTest
{
    /// <summary>Largest error against the CPU, relative to the largest output, that is taken for rounding.</summary>
    public const double Tolerance = 1e-5;

    private const double TensorTolerance = 2e-2;

    private const double Scale = 0.3;

    /// <summary>Tests a device and tells it whether its bits are those of the CPU.</summary>
    /// <returns>What was found, in one sentence.</returns>
    /// <exception cref="DeviceException">The device is wrong, or fails.</exception>
    public static string Run(IlgpuDevice device)
    {
        bool same = Run(device, 48, ElementType.F32, Tolerance) & Run(device, 80, ElementType.F32, Tolerance, staged: true);
        // Weights and values below the least normal number: a device that takes them for 0 is not wrong, but it has other bits.
        same &= Run(device, 48, ElementType.F32, double.PositiveInfinity, Scale * 60, size: float.ScaleB(1, -130));
        device.Ieee = same;
        string tensor = TestTensorCores(device);
        return (same
            ? $"Device {device.Name} passed its self-test with the bits of the CPU."
            : $"Device {device.Name} passed its self-test within {Tolerance:0.#e+0} of the CPU.") + tensor;
    }

    // Weights of 8 bits of precision: what is wrong in a matrix shows as errors of the size of the numbers.
    private static string TestTensorCores(IlgpuDevice device)
    {
        if (device.Accelerator is not CudaAccelerator cuda || cuda.Architecture < CudaArchitecture.SM_80)
            return "";
        device.HasTensorCores = true;
        Run(device, 48, ElementType.BF16, TensorTolerance);
        Run(device, 80, ElementType.F16, TensorTolerance);
        return " So did its tensor cores.";
    }

    /// <returns>Whether the bits are the same.</returns>
    private static bool Run(
        IlgpuDevice device, int valueDim, ElementType type, double tolerance, double scale = Scale, float size = 1, bool staged = false)
    {
        using var problem = new SelfTestCase(valueDim, type, scale, size, staged);
        problem.FoldOnCpu();
        problem.FoldOn(device);
        double error = 0, largest = 0;
        var wanted = new float[valueDim];
        var got = new float[valueDim];
        for (int row = 0; row < problem.Expected.Rows; row++)
        {
            StateMath.Normalise(problem.Expected, row, wanted);
            StateMath.Normalise(problem.Actual, row, got);
            for (int c = 0; c < valueDim; c++)
            {
                largest = Math.Max(largest, Math.Abs(wanted[c]));
                error = Math.Max(error, double.IsNaN(got[c]) ? double.PositiveInfinity : Math.Abs((double)got[c] - wanted[c]));
            }
        }
        if (error > tolerance * largest)
            throw new DeviceException($"its result of a small {type} problem is {error / largest:0.#e+0} away from the CPU's, more than {tolerance:0.#e+0}");
        return problem.SameBits;
    }
}
