using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>A small causal problem of one head, drawn at random, the same each time: folded on a device and on the CPU.</summary>
internal sealed unsafe class SelfTestCase : IDisposable
{
    private const int Rows = 70, Keys = 150, KeyDim = 40, Reach = 20;

    private readonly ElementType _type;
    private readonly double _scale;
    private readonly bool _staged;
    private readonly NativeBuffer _tensors, _distances, _relative, _bias, _here, _there;
    private readonly TensorRows _queries, _keys, _values;
    private readonly MaskSet _masks = new(BandMask.Causal("self-test", Keys - Rows));
    private readonly MaskTile _tile = new(0, 0, new RowRange(0, Rows), new RowRange(0, Keys));

    /// <summary>Draws it.</summary>
    /// <param name="valueDim">Elements of a value.</param>
    /// <param name="type">Element type of the tensors.</param>
    /// <param name="scale">The factor on q·k.</param>
    /// <param name="size">Values lie between this and its opposite.</param>
    /// <param name="staged">Whether scores go through softcap, ALiBi, relative and additive bias.</param>
    public SelfTestCase(int valueDim, ElementType type, double scale, float size, bool staged)
    {
        (_type, _scale, _staged) = (type, scale, staged);
        int bytes = type.SizeInBytes(), before = (Rows + Keys) * KeyDim, count = before + Keys * valueDim;
        var random = new Random(1);
        _tensors = new NativeBuffer((nuint)(count * bytes));
        for (int i = 0; i < count; i++)
            Put(i, (random.NextSingle() * 2 - 1) * (i < before ? 1 : size));
        _queries = new TensorRows((nint)_tensors.Pointer, type, KeyDim * bytes, Rows, KeyDim);
        _keys = new TensorRows(_queries.Start + Rows * KeyDim * bytes, type, KeyDim * bytes, Keys, KeyDim);
        _values = new TensorRows(_keys.Start + Keys * KeyDim * bytes, type, valueDim * bytes, Keys, valueDim);
        _distances = Floats(Rows, row => Keys - Rows + row);
        _relative = Floats(2 * Reach + 1, _ => random.NextSingle());
        _bias = Floats(Rows * Keys, _ => random.NextSingle());
        nuint floats = AttentionState.FloatsFor(Rows, valueDim);
        (_here, _there) = (new NativeBuffer(floats * sizeof(float)), new NativeBuffer(floats * sizeof(float)));
        (Expected, Actual) = (AttentionState.At(_here.Floats, Rows, valueDim), AttentionState.At(_there.Floats, Rows, valueDim));
    }

    /// <summary>What the CPU made of it.</summary>
    public AttentionState Expected { get; }

    /// <summary>What the device made of it.</summary>
    public AttentionState Actual { get; }

    /// <summary>Whether both are the same, bit for bit.</summary>
    public bool SameBits => new ReadOnlySpan<byte>(_here.Pointer, (int)_here.Length).SequenceEqual(new ReadOnlySpan<byte>(_there.Pointer, (int)_there.Length));

    /// <summary>Folds it on the device.</summary>
    /// <exception cref="DeviceException">The device fails.</exception>
    public void FoldOn(IlgpuDevice device)
    {
        Actual.Reset();
        using DeviceJob job = device.Open(new DeviceShape(KeyDim, _values.Dim, Keys, 1, _scale, _type, _type, _type, _staged));
        var span = new DeviceSpan(0, 0, 0, () => _keys, () => _values);
        var unit = new DeviceUnit
        {
            Queries = _queries,
            State = Actual,
            Steps = [new DeviceStep(span, _tile, Partial: true, _staged ? Bias : default)],
            Stage = _staged ? Stage : null,
            Positions = _staged ? [.. Enumerable.Range(Keys - Rows, Rows)] : null,
        };
        job.TryFold(new DeviceFold([unit], _masks), CancellationToken.None);
    }

    /// <summary>Folds it on the CPU.</summary>
    public void FoldOnCpu()
    {
        Expected.Reset();
        CpuKernel kernel = CpuKernels.Best;
        using NativeBuffer q = new(kernel.QueryBytes(Rows, KeyDim)), k = new(kernel.KeyBytes(Keys, KeyDim)), v = new(kernel.ValueBytes(Keys, _values.Dim)),
            words = new((nuint)(Rows * MaskWords.WordsFor(Keys) * sizeof(ulong))), workspace = new(kernel.WorkspaceBytes(KeyDim, _values.Dim));
        var mask = new MaskWords((ulong*)words.Pointer, Rows, Keys);
        mask.SetAll();
        _masks.Apply(_tile, mask);
        ScoreStage stage = Stage;
        PackedQueries queries = kernel.PackQueries(_queries, _scale, q.Pointer);
        kernel.Fold(
            _staged ? queries.With(&stage) : queries, kernel.PackKeys(_keys, k.Pointer), kernel.PackValues(_values, v.Pointer), mask, Expected,
            workspace.Pointer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in new[] { _tensors, _distances, _relative, _bias, _here, _there })
            buffer.Dispose();
    }

    private BiasTile Bias => new((byte*)_bias.Pointer, ElementType.F32, Keys * sizeof(float), Keys);

    private ScoreStage Stage => new(softcap: 1.5)
    {
        Slope = 0.05f,
        Relative = _relative.Floats,
        Reach = Reach,
        Distances = _distances.Floats,
        Bias = Bias,
    };

    private static NativeBuffer Floats(int count, Func<int, float> of)
    {
        // The CPU's stage reads sixteen scores at a time.
        var buffer = new NativeBuffer((nuint)(count + 16) * sizeof(float));
        for (int i = 0; i < count; i++)
            buffer.Floats[i] = of(i);
        return buffer;
    }

    private void Put(int at, float number)
    {
        if (_type == ElementType.F32)
            _tensors.Floats[at] = number;
        else
            ((ushort*)_tensors.Pointer)[at] = _type == ElementType.F16 ? BitConverter.HalfToUInt16Bits((Half)number) : (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16);
    }
}
