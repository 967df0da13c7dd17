using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;
using ILGPU.Runtime.Cuda;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>Small causal problems, folded on a device and on the CPU. A device that is wrong is not used.</summary>
internal static unsafe class SelfTest
{
    /// <summary>Largest error against the CPU, relative to the largest output, that is taken for rounding.</summary>
    public const double Tolerance = 1e-5;

    private const double TensorTolerance = 2e-2;

    private const int Rows = 70, Keys = 150, KeyDim = 40;

    /// <summary>Tests a device and tells it whether its bits are those of the CPU.</summary>
    /// <returns>What was found, in one sentence.</returns>
    /// <exception cref="DeviceException">The device is wrong, or fails.</exception>
    public static string Run(IlgpuDevice device)
    {
        bool same = true;
        foreach (int valueDim in new[] { 48, 80 })
            same &= Run(device, valueDim, ElementType.F32, Tolerance);
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

    private static bool Run(IlgpuDevice device, int valueDim, ElementType type, double tolerance)
    {
        int size = type.SizeInBytes(), count = (Rows + Keys) * KeyDim + Keys * valueDim;
        using var numbers = new NativeBuffer((nuint)(count * size));
        var random = new Random(1);
        for (int i = 0; i < count; i++)
            Put(numbers, i, type, random.NextSingle() * 2 - 1);
        var queries = new TensorRows((nint)numbers.Pointer, type, KeyDim * size, Rows, KeyDim);
        var keys = new TensorRows(queries.Start + Rows * KeyDim * size, type, KeyDim * size, Keys, KeyDim);
        var values = new TensorRows(keys.Start + Keys * KeyDim * size, type, valueDim * size, Keys, valueDim);
        var masks = new MaskSet(BandMask.Causal("self-test", Keys - Rows));
        nuint stateBytes = AttentionState.FloatsFor(Rows, valueDim) * sizeof(float);
        using NativeBuffer here = new(stateBytes), there = new(stateBytes);
        AttentionState expected = AttentionState.At(here.Floats, Rows, valueDim), actual = AttentionState.At(there.Floats, Rows, valueDim);
        expected.Reset();
        actual.Reset();
        var tile = new MaskTile(0, 0, new RowRange(0, Rows), new RowRange(0, Keys));
        const double Scale = 0.3;
        OnCpu(queries, keys, values, masks, tile, Scale, expected);
        using (DeviceJob job = device.Open(new DeviceShape(KeyDim, valueDim, Keys, 1, Scale, type, type, type, Staged: false)))
        {
            var span = new DeviceSpan(0, 0, 0, () => keys, () => values);
            job.TryFold(
                new DeviceFold([new DeviceUnit { Queries = queries, State = actual, Steps = [new DeviceStep(span, tile, true, default)] }], masks),
                CancellationToken.None);
        }
        double error = 0, largest = 0;
        var wanted = new float[valueDim];
        var got = new float[valueDim];
        for (int row = 0; row < Rows; row++)
        {
            StateMath.Normalise(expected, row, wanted);
            StateMath.Normalise(actual, row, got);
            for (int c = 0; c < valueDim; c++)
            {
                largest = Math.Max(largest, Math.Abs(wanted[c]));
                error = Math.Max(error, double.IsNaN(got[c]) ? double.PositiveInfinity : Math.Abs((double)got[c] - wanted[c]));
            }
        }
        if (error > tolerance * largest)
            throw new DeviceException($"its result of a small {type} problem is {error / largest:0.#e+0} away from the CPU's, more than {tolerance:0.#e+0}");
        return new ReadOnlySpan<byte>(here.Pointer, (int)stateBytes).SequenceEqual(new ReadOnlySpan<byte>(there.Pointer, (int)stateBytes));
    }

    private static void Put(NativeBuffer to, int at, ElementType type, float number)
    {
        if (type == ElementType.F32)
            to.Floats[at] = number;
        else
            ((ushort*)to.Pointer)[at] = type == ElementType.F16 ? BitConverter.HalfToUInt16Bits((System.Half)number) : (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16);
    }

    private static void OnCpu(
        TensorRows queries, TensorRows keys, TensorRows values, MaskSet masks, in MaskTile tile, double scale, in AttentionState state)
    {
        CpuKernel kernel = CpuKernels.Best;
        using NativeBuffer q = new(kernel.QueryBytes(Rows, KeyDim)), k = new(kernel.KeyBytes(Keys, KeyDim)), v = new(kernel.ValueBytes(Keys, values.Dim)),
            words = new((nuint)(Rows * MaskWords.WordsFor(Keys) * sizeof(ulong))), workspace = new(kernel.WorkspaceBytes(KeyDim, values.Dim));
        var mask = new MaskWords((ulong*)words.Pointer, Rows, Keys);
        mask.SetAll();
        masks.Apply(tile, mask);
        kernel.Fold(
            kernel.PackQueries(queries, scale, q.Pointer), kernel.PackKeys(keys, k.Pointer), kernel.PackValues(values, v.Pointer), mask, state,
            workspace.Pointer);
    }
}
