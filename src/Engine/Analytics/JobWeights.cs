using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Engine.Analytics;

/// <summary>
/// The exact attention weights of a job on any rectangle of its matrix, from queries, keys and the rows' final LSE: the
/// weights that made the output, with every mask and score of the job. A weight has the same bits in whatever rectangle.
/// </summary>
/// <param name="input">The job's tensors; their memory must stay.</param>
/// <param name="plan">The job's plan.</param>
/// <param name="scale">The factor on q·k.</param>
public sealed unsafe class JobWeights(AttentionInput input, JobPlan plan, double scale)
{
    private const double Ln2 = 0.69314718055994530942;

    /// <summary>Weights of a job.</summary>
    /// <param name="input">Its tensors; their memory must stay.</param>
    /// <param name="options">Its options.</param>
    /// <exception cref="InputException">An option does not fit the tensors.</exception>
    public JobWeights(AttentionInput input, AttentionOptions options)
        : this(input, JobPlan.Create(input, options))
    {
    }

    private JobWeights(AttentionInput input, JobPlan plan)
        : this(input, plan, plan.Scale) => MechanismRules.CheckWeights(plan.Mechanism, plan.Tensors);

    /// <summary>The kernel.</summary>
    /// <value>The fastest here.</value>
    public CpuKernel Kernel { get; init; } = CpuKernels.Best;

    /// <summary>The job's plan.</summary>
    public JobPlan Plan => plan;

    /// <summary>The job's sizes.</summary>
    public AttentionShape Shape => plan.Shape;

    /// <summary>Bytes that <see cref="PackKeys"/> takes for as many keys.</summary>
    public nuint KeyBytes(int keys) => Aligned(Kernel.KeyBytes(keys, Shape.KeyDim));

    /// <summary>Bytes that <see cref="PackQueries"/> takes for as many rows.</summary>
    public nuint QueryBytes(int rows) => Aligned(Kernel.QueryBytes(rows, Shape.KeyDim));

    /// <summary>Bytes of scratch memory that one running call needs.</summary>
    public nuint WorkspaceBytes => Aligned(Kernel.WorkspaceBytes(Shape.KeyDim, 1));

    /// <summary>Packs some query rows, at most a span of them, prepared as the job prepares them.</summary>
    public PackedQueries PackQueries(int batch, int head, RowRange rows, byte* memory)
    {
        TensorRows source = input.Queries.Slice(batch, head, rows);
        if (plan.Rows.Queries is not { } preparation)
            return Kernel.PackQueries(source, scale, memory);
        using var prepared = new NativeBuffer((nuint)rows.Count * (nuint)Shape.KeyDim * sizeof(float));
        return Kernel.PackQueries(preparation.Prepare(source, batch, head, rows.Start, prepared.Floats), scale, memory);
    }

    /// <summary>Packs some keys, at most a span of them, prepared as the job prepares them.</summary>
    public PackedKeys PackKeys(int batch, int keyHead, RowRange keys, byte* memory)
    {
        TensorRows source = input.Keys.Slice(batch, keyHead, keys);
        if (plan.Rows.Keys is not { } preparation)
            return Kernel.PackKeys(source, memory);
        using var prepared = new NativeBuffer((nuint)keys.Count * (nuint)Shape.KeyDim * sizeof(float));
        return Kernel.PackKeys(preparation.Prepare(source, batch, keyHead, keys.Start, prepared.Floats), memory);
    }

    /// <summary>Whether the masks hide all of a rectangle.</summary>
    public bool Hides(in MaskTile tile) => Classify(tile) == TileClass.Skip;

    /// <summary>What the masks leave of a rectangle.</summary>
    public TileClass Classify(in MaskTile tile) => plan.Masks.Classify(tile);

    /// <summary>Writes the weights of a rectangle.</summary>
    /// <param name="tile">The rectangle, of at most a span each way.</param>
    /// <param name="seen">What the masks leave of it: <see cref="TileClass.Partial"/> or <see cref="TileClass.Full"/>.</param>
    /// <param name="queries">Its packed rows.</param>
    /// <param name="keys">Its packed keys.</param>
    /// <param name="logSumExp">LSE of its rows as <see cref="ToBase2"/> gives it.</param>
    /// <param name="weights"><c>[rows, keys]</c>.</param>
    /// <param name="rowStride">Numbers from one row of <paramref name="weights"/> to the next.</param>
    /// <param name="workspace"><see cref="WorkspaceBytes"/> bytes.</param>
    /// <param name="scratch">Memory of the thread for masks and distances.</param>
    public void Compute(
        in MaskTile tile, TileClass seen, PackedQueries queries, in PackedKeys keys, float* logSumExp, float* weights, nint rowStride,
        byte* workspace, ComputeScratch scratch)
    {
        MaskWords? words = Words(tile, seen, scratch);
        ScoreStage stage = default;
        if (plan.Scores.HasStage)
        {
            stage = plan.Scores.StageFor(tile, scratch.Distances(tile.Queries.Count));
            queries = queries.With(&stage);
        }
        Kernel.Weights(queries, keys, words, logSumExp, weights, rowStride, workspace);
    }

    /// <summary>LSE in the unit of the kernels.</summary>
    public static void ToBase2(ReadOnlySpan<float> natural, float* logSumExp)
    {
        for (int row = 0; row < natural.Length; row++)
            logSumExp[row] = (float)(natural[row] / Ln2);
    }

    /// <summary>
    /// Works out the LSE of some rows of one query span from all their keys, in the canonical order: the bits that the job
    /// itself gives.
    /// </summary>
    /// <param name="batch">Batch entry.</param>
    /// <param name="head">Query head.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="natural">Their LSE, natural log.</param>
    /// <param name="scratch">Memory of the thread.</param>
    public void LogSumExp(int batch, int head, RowRange rows, Span<float> natural, ComputeScratch scratch)
    {
        // The sums of a row do not hang on the values: one element of them is the least that a kernel takes.
        float* nothing = stackalloc float[SpanGrid.MaxSpanRows];
        new Span<float>(nothing, SpanGrid.MaxSpanRows).Clear();
        int spanRows = plan.KeyGrid.SpanRows, querySpan = (int)(rows.Start / plan.QueryGrid.SpanRows);
        nuint valueBytes = Aligned(Kernel.ValueBytes(spanRows, 1));
        nuint stateBytes = Aligned(AttentionState.FloatsFor(rows.Count, 1) * sizeof(float));
        using var memory = new NativeBuffer(QueryBytes(rows.Count) + KeyBytes(spanRows) + valueBytes + stateBytes + WorkspaceBytes);
        byte* keyMemory = memory.Pointer + QueryBytes(rows.Count), valueMemory = keyMemory + KeyBytes(spanRows);
        byte* workspace = valueMemory + valueBytes + stateBytes;
        PackedQueries packed = PackQueries(batch, head, rows, memory.Pointer);
        AttentionState state = AttentionState.At((float*)(valueMemory + valueBytes), rows.Count, 1);
        state.Reset();
        for (int position = 0; position < plan.KeyGrid.Count; position++)
        {
            var tile = new MaskTile(batch, head, rows, plan.KeyGrid[plan.Order.KeySpanAt(querySpan, position)]);
            TileClass seen = plan.Masks.Classify(tile);
            if (seen == TileClass.Skip)
                continue;
            MaskWords? words = Words(tile, seen, scratch);
            ScoreStage stage = default;
            PackedQueries queries = packed;
            if (plan.Scores.HasStage)
            {
                stage = plan.Scores.StageFor(tile, scratch.Distances(tile.Queries.Count));
                queries = queries.With(&stage);
            }
            PackedKeys keys = PackKeys(batch, head / Shape.Group, tile.Keys, keyMemory);
            var none = new TensorRows((nint)nothing, Kernels.Numerics.ElementType.F32, sizeof(float), tile.Keys.Count, 1);
            Kernel.Fold(queries, keys, Kernel.PackValues(none, valueMemory), words, state, workspace);
        }
        float output;
        for (int row = 0; row < rows.Count; row++)
        {
            natural[row] = plan.Scores.SinkOf(head) is { } sink
                ? SinkLogit.Normalise(state, row, sink, new Span<float>(&output, 1))
                : StateMath.LogSumExp(state, row);
        }
    }

    private MaskWords? Words(in MaskTile tile, TileClass seen, ComputeScratch scratch)
    {
        if (seen != TileClass.Partial)
            return null;
        MaskWords words = scratch.Words(tile.Queries.Count, tile.Keys.Count);
        plan.Masks.Apply(tile, words);
        return words;
    }

    private static nuint Aligned(nuint bytes) => (bytes + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1);
}
