using System.Runtime.CompilerServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>
/// What linear attention remembers of each key span of a head, and of each chunk of the spans that rows see in part. Some
/// are kept for as long as there is room.
/// </summary>
/// <param name="plan">The job's plan.</param>
/// <param name="input">Its tensors.</param>
/// <param name="batch">Batch entry.</param>
/// <param name="keyHead">Key head.</param>
/// <param name="atOnce">Spans that are summed up at a time, on different threads.</param>
internal sealed class SpanSums(JobPlan plan, AttentionInput input, int batch, int keyHead, int atOnce) : IDisposable
{
    /// <summary>Bytes kept at most, unless those of one time are more.</summary>
    private const long MostBytes = 32L << 20;

    private const int Chunk = FeatureSums.ChunkKeys;

    private readonly SortedDictionary<int, NativeBuffer> _kept = [];

    private nuint Floats => FeatureSums.FloatsFor(plan.Shape.KeyDim, plan.Shape.ValueDim);

    /// <summary>Spans whose sums, without those of chunks, are kept at a time.</summary>
    public int SpansKept => Math.Max(1, (int)(MostBytes / ((long)Floats * sizeof(float))));

    /// <summary>Whether a span's sums are there.</summary>
    public bool Has(int keySpan) => _kept.ContainsKey(keySpan);

    /// <summary>Whether the sums of a span's chunks are there.</summary>
    public bool HasChunks(int keySpan) => _kept.TryGetValue(keySpan, out NativeBuffer? kept) && kept.Length > Floats * sizeof(float);

    /// <summary>A span's sums, which are there.</summary>
    public unsafe FeatureSums Of(int keySpan) => new(_kept[keySpan].Floats, plan.Shape.KeyDim, plan.Shape.ValueDim);

    /// <summary>The sums of one chunk of a span, which are there.</summary>
    public unsafe FeatureSums OfChunk(int keySpan, int chunk) =>
        new(_kept[keySpan].Floats + (nuint)(1 + chunk) * Floats, plan.Shape.KeyDim, plan.Shape.ValueDim);

    /// <summary>Makes the sums of the first spans that are not there, as many as are made at a time.</summary>
    /// <param name="keySpans">What will be wanted, in this order.</param>
    /// <param name="inChunks">Spans whose chunks will be wanted too.</param>
    /// <param name="compute">Where it computes.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task MakeAsync(IEnumerable<int> keySpans, HashSet<int> inChunks, ICompute compute, CancellationToken cancellation)
    {
        int[] made = [.. keySpans.Distinct().Where(span => !Has(span)).Take(atOnce)];
        if (made.Length == 0)
            return;
        // Windows move on, so the first spans are those that are wanted least.
        long more = made.Sum(span => BytesOf(span, inChunks)), held = _kept.Values.Sum(kept => (long)kept.Length);
        while (_kept.Count > 0 && held + more > MostBytes)
        {
            (int first, NativeBuffer oldest) = _kept.First();
            _kept.Remove(first);
            held -= (long)oldest.Length;
            oldest.Dispose();
        }
        foreach (int span in made)
            _kept.Add(span, new NativeBuffer((nuint)BytesOf(span, inChunks)));
        await compute.RunAllAsync(
            made.Select(span => (Action<ComputeScratch>)(scratch =>
            {
                cancellation.ThrowIfCancellationRequested();
                Sum(span, scratch);
            })), cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes φ of some keys, and finds their values.</summary>
    /// <param name="keys">At most <see cref="FeatureSums.ChunkKeys"/> keys.</param>
    /// <param name="room"><see cref="ReadFloats"/> numbers; φ(k), <c>[keys, padded D]</c>, stands in front.</param>
    /// <param name="stride">Numbers from one value to the next.</param>
    /// <returns>The first value.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe float* Read(RowRange keys, float* room, out nint stride)
    {
        float* prepared = room + Chunk * FeatureRows.Padded(plan.Shape.KeyDim), copied = prepared + Chunk * FeatureRows.Padded(plan.Shape.KeyDim);
        TensorRows rows = input.Keys.Slice(batch, keyHead, keys);
        rows = plan.Rows.Keys?.Prepare(rows, batch, keyHead, keys.Start, prepared) ?? rows;
        FeatureRows.Map(rows, plan.Mechanism.Features, sums: false, room);
        return FeatureRows.AsTheyAre(input.Values.Slice(batch, keyHead, keys), copied, out stride);
    }

    /// <summary>F32 numbers of scratch memory that <see cref="Read"/> fills.</summary>
    public static nuint ReadFloats(JobPlan plan) =>
        (nuint)(Chunk * (2 * FeatureRows.Padded(plan.Shape.KeyDim) + FeatureRows.Padded(plan.Shape.ValueDim)));

    public void Dispose()
    {
        foreach (NativeBuffer sums in _kept.Values)
            sums.Dispose();
        _kept.Clear();
    }

    private long BytesOf(int keySpan, HashSet<int> inChunks) =>
        (long)Floats * sizeof(float) * (inChunks.Contains(keySpan) ? 1 + (plan.KeyGrid[keySpan].Count + Chunk - 1) / Chunk : 1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Sum(int keySpan, ComputeScratch scratch)
    {
        var room = (float*)scratch.Workspace(ReadFloats(plan) * sizeof(float));
        FeatureSums sums = Of(keySpan);
        sums.Clear();
        bool chunks = HasChunks(keySpan);
        RowRange span = plan.KeyGrid[keySpan];
        for (int key = 0; key < span.Count; key += Chunk)
        {
            int count = Math.Min(Chunk, span.Count - key);
            float* values = Read(new RowRange(span.Start + key, count), room, out nint stride);
            FeatureSums to = chunks ? OfChunk(keySpan, key / Chunk) : sums;
            if (chunks)
                to.Clear();
            to.AddKeys(room, values, stride, count);
            if (chunks)
                sums.Add(to);
        }
    }
}
