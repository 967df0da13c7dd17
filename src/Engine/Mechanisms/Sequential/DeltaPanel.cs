using System.Runtime.CompilerServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// Some chunks of keys of a head under the delta rule: what each key writes, and the memory behind each chunk. Chunks begin at
/// multiples of <see cref="FeatureSums.ChunkKeys"/> keys and with each document, whatever is worked on together.
/// </summary>
internal sealed class DeltaPanel : IDisposable
{
    /// <summary>Chunks at most.</summary>
    public const int MostChunks = 16;

    private const int Chunk = FeatureSums.ChunkKeys;

    private readonly JobPlan _plan;
    private readonly AttentionInput _input;
    private readonly KeyLimits _limits;
    private readonly int _batch, _keyHead, _padded, _columns;
    private readonly NativeBuffer _keys, _written, _memories, _triangles;
    private readonly float[] _rates = new float[MostChunks * Chunk];
    private readonly bool[] _finite = new bool[MostChunks];
    private readonly List<RowRange> _chunks = [];

    public DeltaPanel(JobPlan plan, AttentionInput input, int batch, int keyHead)
    {
        (_plan, _input, _limits, _batch, _keyHead) = (plan, input, plan.KeyLimits!, batch, keyHead);
        (_padded, _columns) = (FeatureRows.Padded(plan.Shape.KeyDim), FeatureRows.Padded(plan.Shape.ValueDim));
        _keys = new NativeBuffer(MostChunks * MaskedProducts.TurnedFloats(plan.Shape.KeyDim) * sizeof(float));
        _written = new NativeBuffer((nuint)(MostChunks * Chunk * _columns) * sizeof(float));
        _memories = new NativeBuffer((MostChunks + 1) * MemoryFloats * sizeof(float));
        _triangles = new NativeBuffer(MostChunks * Chunk * Chunk * sizeof(float));
    }

    /// <summary>Chunks that there are now.</summary>
    public IReadOnlyList<RowRange> Chunks => _chunks;

    /// <summary>About how many bytes a panel takes.</summary>
    public static double BytesOf(AttentionShape shape)
    {
        double dim = FeatureRows.Padded(shape.KeyDim), columns = FeatureRows.Padded(shape.ValueDim);
        return sizeof(float) * ((MostChunks * Chunk * (dim + columns + Chunk)) + ((MostChunks + 1) * dim * columns));
    }

    private nuint MemoryFloats => (nuint)_plan.Shape.KeyDim * (nuint)_columns;

    public void Dispose()
    {
        foreach (NativeBuffer buffer in new[] { _keys, _written, _memories, _triangles })
            buffer.Dispose();
    }

    /// <summary>φ(k) of a chunk as columns.</summary>
    public unsafe float* Keys(int chunk) => _keys.Floats + (nuint)chunk * MaskedProducts.TurnedFloats(_plan.Shape.KeyDim);

    /// <summary>What the keys of a chunk write, <c>[keys, padded Dv]</c>.</summary>
    public unsafe float* Written(int chunk) => _written.Floats + (nint)chunk * Chunk * _columns;

    /// <summary>Whether all of what the keys of a chunk write is finite.</summary>
    public bool Finite(int chunk) => _finite[chunk];

    /// <summary>The memory behind a chunk; of chunk −1, that before the first.</summary>
    public KeyMemory After(int chunk) => Slot(chunk + 1);

    /// <summary>The memory before a chunk; null where it is empty, as a document begins.</summary>
    public KeyMemory? Before(int chunk) => _limits.Starts(_chunks[chunk].Start) ? null : Slot(chunk);

    /// <summary>The memory before the first chunk, to be filled before that is made.</summary>
    public Span<float> Begin()
    {
        _chunks.Clear();
        return Floats(0);
    }

    /// <summary>Goes on to the next chunks.</summary>
    /// <param name="firstKey">The key behind the last one of the chunks before.</param>
    /// <param name="end">The key behind the last one of the last chunk at most: a multiple of <see cref="FeatureSums.ChunkKeys"/>, or all keys.</param>
    /// <param name="compute">Where it computes.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task NextAsync(long firstKey, long end, ICompute compute, CancellationToken cancellation)
    {
        if (_chunks.Count > 0)
            Carry();
        _chunks.Clear();
        for (long key = firstKey; key < end && _chunks.Count < MostChunks;)
        {
            long next = Math.Min(Math.Min(end, (key / Chunk + 1) * Chunk), _limits.NextStart(key));
            _chunks.Add(new RowRange(key, (int)(next - key)));
            key = next;
        }
        await compute.RunAllAsync(
            Enumerable.Range(0, _chunks.Count).Select(chunk => (Action<ComputeScratch>)(scratch => Read(chunk, scratch))), cancellation).ConfigureAwait(false);
        await compute.RunAllAsync(
            Enumerable.Range(0, KeyMemory.StripsOf(_columns)).Select(strip => (Action<ComputeScratch>)(scratch =>
            {
                cancellation.ThrowIfCancellationRequested();
                Write(strip, scratch);
            })), cancellation).ConfigureAwait(false);
        LookForNaN();
    }

    private unsafe void LookForNaN()
    {
        for (int chunk = 0; chunk < _chunks.Count; chunk++)
            _finite[chunk] = FeatureRows.AllFinite(Written(chunk), _columns, _chunks[chunk].Count, _columns);
    }

    /// <summary>The memory behind the last chunk.</summary>
    public ReadOnlySpan<float> Last => Floats(_chunks.Count);

    private void Carry() => Floats(_chunks.Count).CopyTo(Floats(0));

    private unsafe Span<float> Floats(int slot) => new(_memories.Floats + (nuint)slot * MemoryFloats, (int)MemoryFloats);

    private unsafe KeyMemory Slot(int slot) => new(_memories.Floats + (nuint)slot * MemoryFloats, _plan.Shape.KeyDim, _columns);

    /// <summary>What of a chunk does not depend on the memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Read(int chunk, ComputeScratch scratch)
    {
        RowRange keys = _chunks[chunk];
        int dim = _plan.Shape.KeyDim;
        var features = (float*)scratch.Workspace((nuint)(2 * Chunk * _padded) * sizeof(float));
        TensorRows source = _input.Keys.Slice(_batch, _keyHead, keys);
        source = _plan.Rows.Keys?.Prepare(source, _batch, _keyHead, keys.Start, features + Chunk * _padded) ?? source;
        FeatureRows.Map(source, _plan.Mechanism.Features, _plan.Mechanism.FeatureSums, features);
        MaskedProducts.Turn(features, keys.Count, dim, Keys(chunk));
        DeltaChunk.Triangle(features, Keys(chunk), keys.Count, dim, _triangles.Floats + (nint)chunk * Chunk * Chunk);
        FeatureRows.Copy(_input.Values.Slice(_batch, _keyHead, keys), Written(chunk), _columns);
        _plan.Tensors.Beta!.Read(_batch, _keyHead, keys, _rates.AsSpan(chunk * Chunk, keys.Count));
    }

    /// <summary>Writes all keys, one chunk after the other, to the columns of one strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Write(int strip, ComputeScratch scratch)
    {
        int dim = _plan.Shape.KeyDim, width = Slot(0).Width(strip);
        var read = (float*)scratch.Workspace((nuint)(Chunk * width) * sizeof(float));
        fixed (float* rates = _rates)
        {
            for (int chunk = 0; chunk < _chunks.Count; chunk++)
            {
                int count = _chunks[chunk].Count;
                float* written = Written(chunk) + strip * KeyMemory.Strip;
                var after = new Span<float>(After(chunk).Of(strip), dim * width);
                new Span<float>(read, count * width).Clear();
                if (Before(chunk) is { } before)
                {
                    before.Apply(strip, Keys(chunk), 1, Chunk, count, read, width);
                    new ReadOnlySpan<float>(before.Of(strip), dim * width).CopyTo(after);
                }
                else
                {
                    after.Clear();
                }
                DeltaChunk.Solve(_triangles.Floats + (nint)chunk * Chunk * Chunk, rates + chunk * Chunk, read, written, _columns, count, width);
                After(chunk).Add(strip, Keys(chunk), Chunk, 1, Written(chunk), _columns, count);
            }
        }
    }
}
