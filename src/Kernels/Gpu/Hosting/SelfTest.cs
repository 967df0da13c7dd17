using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>A small causal problem, folded on a device and on the CPU. A device that is wrong is not used.</summary>
internal static unsafe class SelfTest
{
    /// <summary>Largest error against the CPU, relative to the largest output, that is taken for rounding.</summary>
    public const double Tolerance = 1e-5;

    private const int Rows = 70, Keys = 150, KeyDim = 40;

    /// <summary>Tests a device and tells it whether its bits are those of the CPU.</summary>
    /// <returns>What was found, in one sentence.</returns>
    /// <exception cref="DeviceException">The device is wrong, or fails.</exception>
    public static string Run(IlgpuDevice device)
    {
        bool same = true;
        foreach (int valueDim in new[] { 48, 80 })
            same &= Run(device, valueDim);
        device.Ieee = same;
        return same
            ? $"Device {device.Name} passed its self-test with the bits of the CPU."
            : $"Device {device.Name} passed its self-test within {Tolerance:0.#e+0} of the CPU.";
    }

    private static bool Run(IlgpuDevice device, int valueDim)
    {
        using var numbers = new NativeBuffer((nuint)((Rows + Keys) * KeyDim + Keys * valueDim) * sizeof(float));
        var random = new Random(1);
        for (int i = 0; i < (Rows + Keys) * KeyDim + Keys * valueDim; i++)
            numbers.Floats[i] = random.NextSingle() * 2 - 1;
        TensorRows queries = TensorRows.Dense(numbers.Floats, Rows, KeyDim), keys = TensorRows.Dense(numbers.Floats + Rows * KeyDim, Keys, KeyDim),
            values = TensorRows.Dense(numbers.Floats + (Rows + Keys) * KeyDim, Keys, valueDim);
        var masks = new MaskSet(BandMask.Causal("self-test", Keys - Rows));
        nuint stateBytes = AttentionState.FloatsFor(Rows, valueDim) * sizeof(float);
        using NativeBuffer here = new(stateBytes), there = new(stateBytes);
        AttentionState expected = AttentionState.At(here.Floats, Rows, valueDim), actual = AttentionState.At(there.Floats, Rows, valueDim);
        expected.Reset();
        actual.Reset();
        var tile = new MaskTile(0, 0, new RowRange(0, Rows), new RowRange(0, Keys));
        const double Scale = 0.3;
        OnCpu(queries, keys, values, masks, tile, Scale, expected);
        using (DeviceJob job = device.Open(new DeviceShape(KeyDim, valueDim, Keys, 1, Scale, ElementType.F32, ElementType.F32, ElementType.F32, Staged: false)))
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
        if (error > Tolerance * largest)
            throw new DeviceException($"its result of a small problem is {error / largest:0.#e+0} away from the CPU's, more than {Tolerance:0.#e+0}");
        return new ReadOnlySpan<byte>(here.Pointer, (int)stateBytes).SequenceEqual(new ReadOnlySpan<byte>(there.Pointer, (int)stateBytes));
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
