using System.Runtime.CompilerServices;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms.Sequential;

/// <summary>What linear attention remembers of each key span of a head. Some are kept for as long as there is room.</summary>
/// <param name="plan">The job's plan.</param>
/// <param name="input">Its tensors.</param>
/// <param name="batch">Batch entry.</param>
/// <param name="keyHead">Key head.</param>
/// <param name="atOnce">Spans that are summed up at a time, on different threads.</param>
internal sealed class SpanSums(JobPlan plan, AttentionInput input, int batch, int keyHead, int atOnce) : IDisposable
{
    /// <summary>Bytes kept at most, unless those of one time are more.</summary>
    private const long MostBytes = 32L << 20;

    private readonly SortedDictionary<int, NativeBuffer> _kept = [];

    private nuint Floats => FeatureSums.FloatsFor(plan.Shape.KeyDim, plan.Shape.ValueDim);

    /// <summary>Whether a span's sums are there.</summary>
    public bool Has(int keySpan) => _kept.ContainsKey(keySpan);

    /// <summary>A span's sums, which are there.</summary>
    public unsafe FeatureSums Of(int keySpan) => new(_kept[keySpan].Floats, plan.Shape.KeyDim, plan.Shape.ValueDim);

    /// <summary>Makes the sums of the first spans that are not there, as many as are made at a time.</summary>
    /// <param name="keySpans">What will be wanted, in this order.</param>
    /// <param name="compute">Where it computes.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task MakeAsync(IEnumerable<int> keySpans, ICompute compute, CancellationToken cancellation)
    {
        int[] made = [.. keySpans.Distinct().Where(span => !Has(span)).Take(atOnce)];
        int room = (int)Math.Max(0, MostBytes / ((long)Floats * sizeof(float)) - made.Length);
        // Windows move on, so the first spans are those that are wanted least.
        while (_kept.Count > room)
        {
            (int first, NativeBuffer oldest) = _kept.First();
            _kept.Remove(first);
            oldest.Dispose();
        }
        foreach (int span in made)
            _kept.Add(span, new NativeBuffer(Floats * sizeof(float)));
        await compute.RunAllAsync(
            made.Select(span => (Action<ComputeScratch>)(scratch =>
            {
                cancellation.ThrowIfCancellationRequested();
                Sum(span, scratch);
            })), cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes φ of some keys and their values.</summary>
    /// <param name="keys">At most <see cref="FeatureSums.ChunkKeys"/> keys.</param>
    /// <param name="features"><c>[keys, padded D]</c>.</param>
    /// <param name="values"><c>[keys, padded Dv]</c>.</param>
    /// <param name="prepared">Room for the keys.</param>
    /// <returns>Whether all values are finite.</returns>
    public unsafe bool Read(RowRange keys, float* features, float* values, float* prepared)
    {
        TensorRows rows = input.Keys.Slice(batch, keyHead, keys);
        rows = plan.Rows.Keys?.Prepare(rows, batch, keyHead, keys.Start, prepared) ?? rows;
        FeatureRows.Map(rows, plan.Mechanism.Features, sums: false, features);
        return FeatureRows.Copy(input.Values.Slice(batch, keyHead, keys), values);
    }

    /// <summary>F32 numbers of scratch memory that <see cref="Read"/> fills.</summary>
    public static nuint ReadFloats(JobPlan plan) => (nuint)(FeatureSums.ChunkKeys
        * (2 * FeatureRows.Padded(plan.Shape.KeyDim) + FeatureRows.Padded(plan.Shape.ValueDim)));

    public void Dispose()
    {
        foreach (NativeBuffer sums in _kept.Values)
            sums.Dispose();
        _kept.Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Sum(int keySpan, ComputeScratch scratch)
    {
        var features = (float*)scratch.Workspace(ReadFloats(plan) * sizeof(float));
        float* prepared = features + FeatureSums.ChunkKeys * FeatureRows.Padded(plan.Shape.KeyDim);
        float* values = prepared + FeatureSums.ChunkKeys * FeatureRows.Padded(plan.Shape.KeyDim);
        FeatureSums sums = Of(keySpan);
        sums.Clear();
        RowRange span = plan.KeyGrid[keySpan];
        for (int key = 0; key < span.Count; key += FeatureSums.ChunkKeys)
        {
            int count = Math.Min(FeatureSums.ChunkKeys, span.Count - key);
            Read(new RowRange(span.Start + key, count), features, values, prepared);
            sums.AddKeys(features, values, count);
        }
    }
}
