using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Cpu.Roofline;

/// <summary>Runs a kernel over a shape with made-up numbers and times it: packing, folding and normalising, all of it.</summary>
public sealed unsafe class KernelRate : IDisposable
{
    private readonly KernelShape _shape;
    private readonly bool _direct;

    // Query heads whose rows are folded as rows of one, since they share keys and values: see StackedHeads.
    private readonly int _together;
    private readonly NativeBuffer _inputs;
    private readonly NativeBuffer _output;
    private readonly TensorRows[] _queries, _keys, _values;
    private readonly HeadAttention[] _heads;
    private readonly List<NativeBuffer> _scratch = [];

    /// <summary>Makes the inputs: normally distributed, always the same.</summary>
    public KernelRate(CpuKernel kernel, KernelShape shape)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(shape);
        _shape = shape;
        _direct = shape.Rows * (shape.QueryHeads / shape.KeyHeads) <= kernel.DirectRows;
        _heads = [.. Enumerable.Range(0, shape.KeyHeads).Select(_ => new HeadAttention(kernel, shape.Keys, shape.Dim, shape.ValueDim))];
        int size = shape.Type.SizeInBytes();
        nuint query = (nuint)shape.Rows * (nuint)shape.Dim, key = (nuint)shape.Keys * (nuint)shape.Dim,
            value = (nuint)shape.Keys * (nuint)shape.ValueDim;
        _inputs = new NativeBuffer(
            ((nuint)shape.QueryHeads * query + (nuint)shape.KeyHeads * (key + value)) * (nuint)size);
        _output = new NativeBuffer((nuint)shape.QueryHeads * (nuint)shape.Rows * (nuint)shape.ValueDim * sizeof(float));
        byte* at = _inputs.Pointer;
        var random = new Random(20261120);
        int group = shape.QueryHeads / shape.KeyHeads;
        _together = shape.Rows * group <= kernel.StackedRows && shape.Mask == MaskSet.None ? group : 1;
        _queries = [.. Enumerable.Range(0, shape.QueryHeads / _together).Select(_ => Make(ref at, shape.Rows * _together, shape.Dim, random))];
        _keys = [.. Enumerable.Range(0, shape.KeyHeads).Select(_ => Make(ref at, shape.Keys, shape.Dim, random))];
        _values = [.. Enumerable.Range(0, shape.KeyHeads).Select(_ => Make(ref at, shape.Keys, shape.ValueDim, random))];
    }

    /// <summary>Computes the whole attention once and returns how many seconds it took.</summary>
    /// <param name="threads">Threads; they take query spans one by one.</param>
    /// <param name="clock">What time is told by; of several threads, the one with the most counts.</param>
    public double Run(int threads, WorkClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var took = new double[threads];
        int rows = _shape.Rows * _together;
        int spans = new SpanGrid(rows).Count;
        int group = _queries.Length / _heads.Length;
        while (_scratch.Count < threads)
            _scratch.Add(_heads[0].NewScratch());
        int next = 0;
        var toPack = new int[_heads.Length];
        var packed = new int[_heads.Length];
        Workers.Run(threads, thread =>
        {
            double begin = clock.Now;
            for (int unit; (unit = Interlocked.Increment(ref next) - 1) < spans * _queries.Length;)
            {
                // Head after head, so that packed keys are used while they are near. The last spans of a causal problem are
                // the longest: they come first, so that threads end together.
                int head = unit / spans, span = spans - 1 - unit % spans;
                Pack(head / group, toPack, packed);
                float* output = _output.Floats + (nint)head * rows * _shape.ValueDim;
                _heads[head / group].Compute(
                    _queries[head], 1 / Math.Sqrt(_shape.Dim), _shape.Mask, span..(span + 1), output, null, _scratch[thread]);
            }
            took[thread] = clock.Now - begin;
        });
        return took.Max();
    }

    // Whoever comes for a head first packs it, span by span, and whoever comes meanwhile helps.
    private void Pack(int head, int[] toPack, int[] packed)
    {
        HeadAttention of = _heads[head];
        for (int span; (span = Interlocked.Increment(ref toPack[head]) - 1) < of.Spans; Interlocked.Increment(ref packed[head]))
        {
            if (!_direct)
                of.PackSpan(span, _keys[head], _values[head]);
            else if (span == 0)
                of.TakeUnpacked(_keys[head], _values[head]);
        }
        var wait = new SpinWait();
        while (Volatile.Read(ref packed[head]) < of.Spans)
            wait.SpinOnce();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inputs.Dispose();
        _output.Dispose();
        foreach (HeadAttention head in _heads)
            head.Dispose();
        foreach (NativeBuffer scratch in _scratch)
            scratch.Dispose();
    }

    private TensorRows Make(ref byte* at, int rows, int dim, Random random)
    {
        var made = new TensorRows((nint)at, _shape.Type, (nint)dim * _shape.Type.SizeInBytes(), rows, dim);
        long count = (long)rows * dim;
        for (long i = 0; i < count; i++)
        {
            // The sum of four uniform numbers, scaled to variance 1: near enough to normal, and quick to make.
            float x = (random.NextSingle() + random.NextSingle() + random.NextSingle() + random.NextSingle() - 2f) * 1.7320508f;
            switch (_shape.Type)
            {
                case ElementType.F32:
                    ((float*)at)[i] = x;
                    break;
                case ElementType.F16:
                    ((Half*)at)[i] = (Half)x;
                    break;
                default:
                    ((ushort*)at)[i] = (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16);
                    break;
            }
        }
        at += count * _shape.Type.SizeInBytes();
        return made;
    }
}
