using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Additive;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// Mechanisms beyond the softmax of products, on one thread, against what bounds them: additive scores the terms that can be
/// made of data in the first-level cache, linear attention and the delta rule the peak of multiply-adds,
/// the rate of their features and the bandwidth of memory.
/// </summary>
internal static class Mechanisms
{
    private const int Rows = SpanGrid.MaxSpanRows, Rounds = 15;

    /// <summary>Measures.</summary>
    /// <param name="args"><c>additive</c> or <c>linear</c> for one half of it; nothing for both. <c>--cpu-time</c>, <c>--only TEXT</c>.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (!args.Contains("linear"))
            Additive();
        if (!args.Contains("additive"))
            await SequentialAsync(args.Contains("--cpu-time"), Array.IndexOf(args, "--only") is >= 0 and var at ? args[at + 1] : "");
        return 0;
    }

    private static void Additive()
    {
        double terms = Rate(Terms, 1 << 22), tanh = Rate(Tanhs, 1 << 22);
        Console.WriteLine(Text($"v·tanh(q + k) from the first-level cache: {terms / 1e9:f2} G terms/s; tanh alone, from registers: {tanh / 1e9:f2} G/s"));
        foreach ((int units, int dim) in new[] { (64, 64), (128, 128), (256, 64) })
        {
            double seconds = Additive(units, dim), made = (double)Rows * Rows * units / seconds;
            Console.WriteLine(Text($"additive, tile of {Rows} × {Rows}, A = {units}, Dv = {dim}: {seconds * 1e3:f2} ms, {made / 1e9:f2} G terms/s, {made / terms:p0} of the bound, {made / tanh:p0} of tanh alone"));
        }
    }

    private static async Task SequentialAsync(bool cpuTime, string only)
    {
        double peak = MachinePeak.MultiplyAddRate(1, PeakShare.RegisterBits(CpuKernels.Best), WorkClock.Thread, 0.3);
        double bandwidth = MachinePeak.ReadBandwidth(1), elu = Rate(Elus, 1 << 24);
        Console.WriteLine(Text($"one thread: {peak / 1e9:f1} GFLOP/s of multiply-adds, {elu / 1e9:f2} G elu(x) + 1 a second from the first-level cache, {bandwidth / 1e9:f1} GB/s read"));
        Console.WriteLine("the bound is operations, features, and the bytes of q, k, v and o at these rates, one after the other");
        foreach (int dim in new[] { 64, 128 })
        {
            foreach ((string name, MechanismKind kind, CausalAlignment? causal, int rows) in new (string, MechanismKind, CausalAlignment?, int)[]
            {
                ("linear", MechanismKind.Linear, null, 65_536),
                ("linear, causal", MechanismKind.Linear, CausalAlignment.TopLeft, 65_536),
                ("delta rule, causal", MechanismKind.Delta, CausalAlignment.TopLeft, 16_384),
            })
            {
                if (!$"{name} {dim}".Contains(only, StringComparison.Ordinal))
                    continue;
                (double seconds, double operations) = await SequentialAsync(kind, causal, dim, rows, cpuTime);
                double triangles = causal is null ? 0 : Triangles(kind == MechanismKind.Delta, dim) * rows;
                double bound = (operations + triangles) / peak + 16.0 * rows * dim / bandwidth + (kind == MechanismKind.Linear ? 2.0 * rows * dim / elu : 0);
                Console.WriteLine(Text($"{name}, {rows} rows, D = Dv = {dim}: {seconds * 1e3:f1} ms, {operations / seconds / 1e9:f1} GFLOP/s and {triangles / seconds / 1e9:f1} within chunks, {bound / seconds:p0} of the bound"));
            }
        }
    }

    /// <summary>
    /// Operations for each row that the chunks take beside those of the rule: half of 64 × 64 pairs, for q·k and the values, and
    /// again for k·k and what they take away.
    /// </summary>
    private static double Triangles(bool delta, int dim) => (delta ? 2 : 1) * 2.0 * dim * (FeatureSums.ChunkKeys + (delta ? 0 : 1));

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

    private static async Task<(double Seconds, double Operations)> SequentialAsync(MechanismKind kind, CausalAlignment? causal, int dim, int rows, bool cpuTime)
    {
        using NativeBuffer q = Numbers(rows * dim), k = Numbers(rows * dim), v = Numbers(rows * dim), beta = Numbers(rows);
        var shape = new AttentionShape(1, 1, 1, rows, rows, dim, dim);
        bool delta = kind == MechanismKind.Delta;
        if (delta)
        {
            // Keys longer than 1 would make the memory swing out.
            Unit(q, rows, dim);
            Unit(k, rows, dim);
        }
        AttentionInput input = Input(shape, Address(q), Address(k), Address(v), delta ? Address(beta) : null);
        var options = new AttentionOptions { Mechanism = new Mechanism { Kind = kind }, Causal = causal, Threads = 1 };
        (double best, double operations) = (double.MaxValue, 0);
        // One sink for all rounds: new memory is made by the first who writes it, page by page.
        var sink = new MemorySink(shape);
        for (int round = 0; round < 80; round++)
        {
            TimeSpan began = Environment.CpuUsage.TotalTime;
            JobReport report = await EmbeddedEngine.RunAsync(input, options, sink);
            best = Math.Min(best, (cpuTime ? Environment.CpuUsage.TotalTime - began : report.Elapsed).TotalSeconds);
            operations = report.Flops;
        }
        return (best, operations);
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

    /// <summary>φ of the same rows over and over.</summary>
    private static unsafe void Elus(int count)
    {
        const int rows = 32, dim = 64;
        using NativeBuffer from = Numbers(rows * dim), to = Numbers(rows * dim);
        for (int done = 0; done < count; done += rows * dim)
            FeatureRows.Map(TensorRows.Dense(from.Floats, rows, dim), FeatureMap.Elu1, sums: false, to.Floats);
    }

    private static unsafe void Unit(NativeBuffer numbers, int rows, int dim)
    {
        for (int row = 0; row < rows; row++)
        {
            var of = new Span<float>(numbers.Floats + (nint)row * dim, dim);
            TensorPrimitives.Divide(of, TensorPrimitives.Norm(of), of);
        }
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
