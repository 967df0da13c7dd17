using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Random tensors of one shape, and ways to run the engine and the judge on them.</summary>
internal sealed class Problem
{
    public Problem(AttentionShape shape, int seed)
    {
        Shape = shape;
        var random = new Random(seed);
        Q = Normal(random, shape.Batch * shape.QueryHeads * shape.QueryRows * shape.KeyDim);
        K = Normal(random, shape.Batch * shape.KeyHeads * shape.KeyRows * shape.KeyDim);
        V = Normal(random, shape.Batch * shape.KeyHeads * shape.KeyRows * shape.ValueDim);
    }

    public AttentionShape Shape { get; }
    public float[] Q { get; }
    public float[] K { get; }
    public float[] V { get; }

    /// <summary>A random shape of at most <paramref name="rows"/> rows; sizes that are not multiples of anything.</summary>
    public static AttentionShape RandomShape(Random random, int rows)
    {
        int keyHeads = random.Next(1, 3);
        return new AttentionShape(
            random.Next(1, 3), keyHeads * random.Next(1, 4), keyHeads, random.Next(1, rows), random.Next(1, rows),
            random.Next(1, 40), random.Next(1, 40));
    }

    /// <summary>Options with any of the masks.</summary>
    public static AttentionOptions RandomOptions(Random random, int spanRows) => new()
    {
        SpanRows = spanRows,
        Threads = 2,
        Scale = random.Next(2) == 0 ? null : random.NextDouble() * 0.3,
        Causal = random.Next(4) switch
        {
            0 => CausalAlignment.TopLeft,
            1 => CausalAlignment.BottomRight,
            2 => CausalAlignment.At(random.Next(-40, 40)),
            _ => null,
        },
        Window = random.Next(3) == 0 ? new SlidingWindow(random.Next(-1, 60), random.Next(-1, 60)) : null,
        ExcludedBand = random.Next(4) == 0 ? random.Next(0, 5) : null,
    };

    public async Task<MemorySink> RunAsync(
        AttentionOptions options, IProgress<JobProgress>? progress = null, CancellationToken cancellation = default)
    {
        var sink = new MemorySink(Shape);
        await WithInput(input => EmbeddedEngine.RunAsync(input, options, sink, progress, cancellation));
        return sink;
    }

    public async Task<T> WithInput<T>(Func<AttentionInput, Task<T>> use)
    {
        using var pinned = new Pins(Q, K, V);
        return await use(new AttentionInput(
            HeadTensor.Dense(
                pinned[0], ElementType.F32, HeadLayout.Bhsd, Shape.Batch, Shape.QueryHeads, Shape.QueryRows, Shape.KeyDim),
            HeadTensor.Dense(
                pinned[1], ElementType.F32, HeadLayout.Bhsd, Shape.Batch, Shape.KeyHeads, Shape.KeyRows, Shape.KeyDim),
            HeadTensor.Dense(
                pinned[2], ElementType.F32, HeadLayout.Bhsd, Shape.Batch, Shape.KeyHeads, Shape.KeyRows, Shape.ValueDim)));
    }

    public (double[] Output, double[] LogSumExp) Judge(AttentionOptions options) => Attention64.Compute(
        Shape, Q, K, V, options.ScaleFor(Shape.KeyDim), Attention64.MaskOf(Shape, options));

    private static float[] Normal(Random random, long count)
    {
        var numbers = new float[count];
        foreach (ref float number in numbers.AsSpan())
        {
            number = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
                * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return numbers;
    }

    private sealed class Pins(params float[][] arrays) : IDisposable
    {
        private readonly System.Runtime.InteropServices.GCHandle[] _handles =
            [.. arrays.Select(array => System.Runtime.InteropServices.GCHandle.Alloc(
                array, System.Runtime.InteropServices.GCHandleType.Pinned))];

        public nint this[int index] => _handles[index].AddrOfPinnedObject();

        public void Dispose()
        {
            foreach (System.Runtime.InteropServices.GCHandle handle in _handles)
                handle.Free();
        }
    }
}
