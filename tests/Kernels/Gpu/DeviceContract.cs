using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Hosting;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;
using Distributed.Kernels.Tests.Cpu;
using Distributed.Kernels.Tests.Devices;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Distributed.Kernels.Tests.Gpu;

/// <summary>What holds for the F32 kernels of every device: the state has the bits that the CPU kernels give it.</summary>
public sealed unsafe class DeviceContract
{
    public static TheoryData<int, int, int, int, ElementType, string> Cases => new()
    {
        { 5, 7, 3, 9, ElementType.F32, "none" },
        { 130, 150, 40, 33, ElementType.F32, "causal" },
        { 70, 300, 33, 130, ElementType.BF16, "window" },
        { 3, 261, 128, 65, ElementType.F16, "dilated" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fold_has_the_bits_of_the_CPU(int rows, int keys, int dim, int valueDim, ElementType type, string mask)
    {
        IAttentionMask of = mask switch
        {
            "causal" => BandMask.Causal(mask, keys - rows),
            "window" => BandMask.Window(100, 60, 20),
            "dilated" => new DilatedMask(QueryPositions.At(0), 3),
            _ => MaskSet.None,
        };
        HeadCase problem = HeadCase.Random(rows, rows, keys, dim, valueDim);
        Compare(problem, new MaskSet(of), type, spanRows: keys, TestDevice.Get());
    }

    /// <summary>Sizes and masks drawn at random: few on ILGPU's own processor, which takes a second for each, and many on a device.</summary>
    [Fact]
    public void Random_folds_have_the_bits_of_the_CPU()
    {
        for (int seed = 0; seed < (TestDevice.IsNamed ? 100 : 2); seed++)
        {
            var random = new Random(seed);
            int most = TestDevice.IsNamed ? 600 : 100, rows = random.Next(1, most / 3), keys = random.Next(1, most);
            IAttentionMask mask = random.Next(4) switch
            {
                0 => MaskSet.None,
                1 => BandMask.Causal("causal", random.Next(-rows, keys)),
                2 => BandMask.Window(random.Next(keys), random.Next(1, 100), random.Next(30)),
                _ => new DilatedMask(QueryPositions.At(random.Next(keys)), random.Next(1, 7)),
            };
            HeadCase problem = HeadCase.Random(seed, rows, keys, random.Next(1, 257), random.Next(1, 257));
            Compare(
                problem, new MaskSet(mask), (ElementType)random.Next(3), spanRows: random.Next((keys + 7) / 8, keys + 1), TestDevice.Get(), together: random.Next(2) == 0,
                of: $"seed {seed}: ");
        }
    }

    /// <summary>Spans in the canonical order, one slot at a time, go on from the state that the last one left.</summary>
    [Fact]
    public void Spans_that_do_not_fit_together_are_folded_in_passes()
    {
        HeadCase problem = HeadCase.Random(9, 40, 90, 16, 24);
        Compare(problem, new MaskSet(BandMask.Causal("causal", 60)), ElementType.F32, spanRows: 32, TestDevice.Get());
    }

    /// <summary>Few rows and several spans that are there together: the spans are worked on at the same time.</summary>
    [Theory]
    [InlineData(24)]
    [InlineData(70)]
    public void Decoding_splits_the_keys_and_keeps_the_bits(int valueDim)
    {
        HeadCase problem = HeadCase.Random(valueDim, 3, 100, 16, valueDim);
        Compare(problem, new MaskSet(BandMask.Causal("causal", 95)), ElementType.F32, spanRows: 40, TestDevice.Get(), together: true);
    }

    /// <summary>What devices without shuffles do, also where there is none of them.</summary>
    [Fact]
    public void Maxima_that_go_through_shared_memory_are_the_same()
    {
        Context context = IlgpuDevice.NewContext(builder => builder.CPU(new CPUDevice(32, 4, 1)));
        using var device = new IlgpuDevice("a device without shuffles", context, context.GetCPUDevice(0).CreateCPUAccelerator(context), shuffles: false);
        // Some rows have positive scores, some negative ones alone, and some see no key.
        Compare(HeadCase.Random(11, 40, 66, 3, 9), new MaskSet(BandMask.Causal("causal", -4)), ElementType.F16, spanRows: 66, device);
    }

    [Fact]
    public void Work_with_a_number_that_is_not_finite_is_passed_on_and_the_state_left_alone()
    {
        HeadCase problem = HeadCase.Random(1, 4, 6, 8, 8);
        problem.V[5, 7] = float.NaN;
        using var q = new TypedRows(problem.Q, ElementType.F32);
        using var k = new TypedRows(problem.K, ElementType.F32);
        using var v = new TypedRows(problem.V, ElementType.F32);
        using var memory = new NativeBuffer(AttentionState.FloatsFor(4, 8) * sizeof(float));
        AttentionState state = AttentionState.At(memory.Floats, 4, 8);
        state.Reset();
        using DeviceJob job = TestDevice.Get().Open(Shape(q, k, v, 6, problem.Scale));
        Assert.False(job.TryFold(Fold(q.Rows, k.Rows, v.Rows, state, MaskSet.None, new SpanGrid(6)), TestContext.Current.CancellationToken));
        Assert.True(float.IsNegativeInfinity(state.Max[0]) && state.Sum[3] == 0);
    }

    [Fact]
    public void The_same_fold_gives_the_same_bits_again()
    {
        HeadCase problem = HeadCase.Random(5, 20, 50, 8, 8);
        byte[] first = OnDevice(problem, MaskSet.None, ElementType.F32, 50, TestDevice.Get(), out _);
        Assert.Equal(first, OnDevice(problem, MaskSet.None, ElementType.F32, 50, TestDevice.Get(), out _));
    }

    private static void Compare(HeadCase problem, MaskSet masks, ElementType type, int spanRows, AttentionDevice device, bool together = false, string of = "")
    {
        byte[] actual = OnDevice(problem, masks, type, spanRows, device, out byte[] expected, together);
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"{of}{device.Name} gives other bits than {CpuKernels.Best.Name}.");
    }

    private static byte[] OnDevice(HeadCase problem, MaskSet masks, ElementType type, int spanRows, AttentionDevice device, out byte[] expected, bool together = false)
    {
        using var q = new TypedRows(problem.Q, type);
        using var k = new TypedRows(problem.K, type);
        using var v = new TypedRows(problem.V, type);
        int valueDim = v.Rows.Dim, bytes = (int)AttentionState.FloatsFor(q.Rows.Count, valueDim) * sizeof(float);
        using NativeBuffer here = new((nuint)bytes), there = new((nuint)bytes);
        AttentionState onCpu = AttentionState.At(here.Floats, q.Rows.Count, valueDim), onDevice = AttentionState.At(there.Floats, q.Rows.Count, valueDim);
        onCpu.Reset();
        onDevice.Reset();
        var grid = new SpanGrid(k.Rows.Count, spanRows);
        DeviceFold fold = Fold(q.Rows, k.Rows, v.Rows, onDevice, masks, grid);
        using DeviceJob job = device.Open(Shape(q, k, v, spanRows, problem.Scale) with { Spans = together ? grid.Count : 1 });
        Assert.True(job.TryFold(fold, TestContext.Current.CancellationToken));
        Assert.Equal(OnCpu(q.Rows, k.Rows, v.Rows, onCpu, masks, grid, problem.Scale), fold.PairsSeen);
        expected = [.. new ReadOnlySpan<byte>(here.Pointer, bytes)];
        return [.. new ReadOnlySpan<byte>(there.Pointer, bytes)];
    }

    private static DeviceShape Shape(TypedRows q, TypedRows k, TypedRows v, int spanRows, double scale) => new(
        q.Rows.Dim, v.Rows.Dim, spanRows, 1, scale, q.Rows.Type, k.Rows.Type, v.Rows.Type, Staged: false);

    private static DeviceFold Fold(TensorRows q, TensorRows k, TensorRows v, in AttentionState state, MaskSet masks, SpanGrid grid)
    {
        var steps = new List<DeviceStep>();
        for (int span = grid.Count - 1; span >= 0; span--)
        {
            RowRange keys = grid[span];
            var tile = new MaskTile(0, 0, new RowRange(0, q.Count), keys);
            if (masks.Classify(tile) is not TileClass.Skip and var seen)
            {
                steps.Add(new DeviceStep(
                    new DeviceSpan(0, 0, span, () => k.Slice((int)keys.Start, keys.Count), () => v.Slice((int)keys.Start, keys.Count)), tile,
                    seen == TileClass.Partial, default));
            }
        }
        return new DeviceFold([new DeviceUnit { Queries = q, State = state, Steps = steps }], masks);
    }

    private static long OnCpu(TensorRows q, TensorRows k, TensorRows v, in AttentionState state, MaskSet masks, SpanGrid grid, double scale)
    {
        CpuKernel kernel = CpuKernels.Best;
        using NativeBuffer queries = new(kernel.QueryBytes(q.Count, q.Dim)), keys = new(kernel.KeyBytes(grid.SpanRows, k.Dim)),
            values = new(kernel.ValueBytes(grid.SpanRows, v.Dim)), workspace = new(kernel.WorkspaceBytes(k.Dim, v.Dim)),
            bits = new((nuint)(q.Count * MaskWords.WordsFor(grid.SpanRows) * sizeof(ulong)));
        long seen = 0;
        PackedQueries packed = kernel.PackQueries(q, scale, queries.Pointer);
        for (int span = grid.Count - 1; span >= 0; span--)
        {
            (long start, int count) = grid[span];
            var words = new MaskWords((ulong*)bits.Pointer, q.Count, count);
            words.SetAll();
            masks.Apply(new MaskTile(0, 0, new RowRange(0, q.Count), grid[span]), words);
            seen += words.CountSet();
            kernel.Fold(
                packed, kernel.PackKeys(k.Slice((int)start, count), keys.Pointer), kernel.PackValues(v.Slice((int)start, count), values.Pointer), words,
                state, workspace.Pointer);
        }
        return seen;
    }
}
