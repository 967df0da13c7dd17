using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Additive;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// Mechanisms beyond the softmax of products, on one thread, against what bounds them: additive scores the terms that can be
/// made of data in the first-level cache, linear attention and the delta rule the peak of multiply-adds.
/// </summary>
internal static class Mechanisms
{
    private const int Rows = SpanGrid.MaxSpanRows, Rounds = 15;

    public static async Task<int> RunAsync()
    {
        double terms = Rate(Terms, 1 << 22), tanh = Rate(Tanhs, 1 << 22);
        Console.WriteLine(Text($"v·tanh(q + k) from the first-level cache: {terms / 1e9:f2} G terms/s; tanh alone, from registers: {tanh / 1e9:f2} G/s"));
        foreach ((int units, int dim) in new[] { (64, 64), (128, 128), (256, 64) })
        {
            double seconds = Additive(units, dim), made = (double)Rows * Rows * units / seconds;
            Console.WriteLine(Text($"additive, tile of {Rows} × {Rows}, A = {units}, Dv = {dim}: {seconds * 1e3:f2} ms, {made / 1e9:f2} G terms/s, {made / terms:p0} of the bound, {made / tanh:p0} of tanh alone"));
        }
        double peak = MachinePeak.MultiplyAddRate(1, PeakShare.RegisterBits(CpuKernels.Best), WorkClock.Wall, 0.3);
        double bandwidth = MachinePeak.ReadBandwidth(1);
        Console.WriteLine(Text($"one thread: {peak / 1e9:f1} GFLOP/s of multiply-adds, {bandwidth / 1e9:f1} GB/s read; the bound is the operations at the one and q, k, v and o at the other"));
        foreach (int dim in new[] { 64, 128 })
        {
            await SequentialAsync("linear", new Mechanism { Kind = MechanismKind.Linear }, null, dim, 65_536, peak, bandwidth);
            await SequentialAsync("linear, causal", new Mechanism { Kind = MechanismKind.Linear }, CausalAlignment.TopLeft, dim, 65_536, peak, bandwidth);
            await SequentialAsync("delta rule, causal", new Mechanism { Kind = MechanismKind.Delta }, CausalAlignment.TopLeft, dim, 16_384, peak, bandwidth);
        }
        return 0;
    }

    private static unsafe double Additive(int units, int dim)
    {
        float[] vector = [.. Enumerable.Range(0, units).Select(i => i % 7 / 7f)];
        var kernel = new AdditiveKernel(CpuKernels.Best, vector);
        using NativeBuffer q = Numbers(Rows * units), k = Numbers(Rows * units), v = Numbers(Rows * dim), packedQ = new(kernel.QueryBytes(Rows, units)),
            packedK = new(kernel.KeyBytes(Rows, units)), packedV = new(kernel.ValueBytes(Rows, dim)), workspace = new(kernel.WorkspaceBytes(units, dim)),
            memory = new(AttentionState.FloatsFor(Rows, dim) * sizeof(float));
        AttentionState state = AttentionState.At(memory.Floats, Rows, dim);
        state.Reset();
        PackedQueries queries = kernel.PackQueries(TensorRows.Dense(q.Floats, Rows, units), 1, packedQ.Pointer);
        PackedKeys keys = kernel.PackKeys(TensorRows.Dense(k.Floats, Rows, units), packedK.Pointer);
        PackedValues values = kernel.PackValues(TensorRows.Dense(v.Floats, Rows, dim), packedV.Pointer);
        return Enumerable.Range(0, Rounds).Min(_ =>
        {
            double begin = WorkClock.Thread.Now;
            kernel.Fold(queries, keys, values, null, state, workspace.Pointer);
            return WorkClock.Thread.Now - begin;
        });
    }

    private static async Task SequentialAsync(string name, Mechanism mechanism, CausalAlignment? causal, int dim, int rows, double peak, double bandwidth)
    {
        using NativeBuffer q = Numbers(rows * dim), k = Numbers(rows * dim), v = Numbers(rows * dim), beta = Numbers(rows);
        var shape = new AttentionShape(1, 1, 1, rows, rows, dim, dim);
        AttentionInput input = Input(shape, Address(q), Address(k), Address(v), mechanism.Kind == MechanismKind.Delta ? Address(beta) : null);
        var options = new AttentionOptions { Mechanism = mechanism, Causal = causal, Threads = 1, QkNorm = mechanism.Kind == MechanismKind.Delta ? RowNorm.L2 : RowNorm.None };
        double best = double.MaxValue;
        JobReport? report = null;
        for (int round = 0; round < 12; round++)
        {
            report = await EmbeddedEngine.RunAsync(input, options, new MemorySink(shape));
            best = Math.Min(best, report.Elapsed.TotalSeconds);
        }
        double rate = report!.Flops / best, bound = report.Flops / peak + 16.0 * rows * dim / bandwidth;
        Console.WriteLine(Text($"{name}, {rows} rows, D = Dv = {dim}: {best * 1e3:f1} ms, {rate / 1e9:f1} GFLOP/s, {rate / peak:p0} of the peak, {bound / best:p0} of the bound"));
    }

    private static AttentionInput Input(AttentionShape shape, nint q, nint k, nint v, nint? beta) => new(
        HeadTensor.Dense(q, ElementType.F32, HeadLayout.Bhsd, 1, 1, shape.QueryRows, shape.KeyDim),
        HeadTensor.Dense(k, ElementType.F32, HeadLayout.Bhsd, 1, 1, shape.KeyRows, shape.KeyDim),
        HeadTensor.Dense(v, ElementType.F32, HeadLayout.Bhsd, 1, 1, shape.KeyRows, shape.ValueDim))
    {
        Tensors = beta is { } rates ? new AttentionTensors { Beta = new KeyRates(rates, ElementType.F32, [1, 1, shape.KeyRows]) } : AttentionTensors.None,
    };

    private static unsafe nint Address(NativeBuffer buffer) => (nint)buffer.Pointer;

    private static double Rate(Action<int> work, int count)
    {
        work(count);
        return count / Enumerable.Range(0, Rounds).Min(_ =>
        {
            double begin = WorkClock.Thread.Now;
            work(count);
            return WorkClock.Thread.Now - begin;
        });
    }

    /// <summary>Terms of two rows and sixteen keys over and over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Terms(int count)
    {
        const int units = TanhSum.ChunkElements;
        using NativeBuffer rows = Numbers(3 * units), keys = Numbers(16 * units);
        Vector512<float> a = Vector512<float>.Zero, b = a;
        for (int done = 0; done < count; done += 2 * 16 * units)
            TanhSum.Chunk(rows.Floats, rows.Floats + units, keys.Floats, rows.Floats + 2 * units, units, ref a, ref b);
        (a + b).Store(keys.Floats);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tanhs(int count)
    {
        Vector512<float> a = Vector512.Create(0.3f), b = Vector512.Create(0.9f), c = Vector512.Create(1.7f), d = Vector512.Create(-2.5f);
        for (int done = 0; done < count; done += 64)
        {
            // Each goes on from the last, so that none can be left out; four hang on nothing but themselves.
            a = Tanh.Of(a) + Vector512.Create(0.3f);
            b = Tanh.Of(b) + Vector512.Create(0.9f);
            c = Tanh.Of(c) + Vector512.Create(1.7f);
            d = Tanh.Of(d) - Vector512.Create(2.5f);
        }
        if (float.IsNaN((a + b + c + d)[0]))
            throw new InvalidOperationException("The hyperbolic tangent of a number is none.");
    }

    private static unsafe NativeBuffer Numbers(int count)
    {
        var buffer = new NativeBuffer((nuint)count * sizeof(float));
        var random = new Random(count);
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = random.NextSingle();
        return buffer;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
