using Distributed.Kernels.Masks;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Jobs;

/// <summary>What options and tensors ask to be done to query and key rows before they meet.</summary>
public sealed class JobRows
{
    private JobRows(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors)
    {
        if (tensors.Additive is { } additive)
        {
            Queries = new RowPreparation(RowNorm.None, null, null, NoPosition) { Matrices = additive.W };
            Keys = new RowPreparation(RowNorm.None, null, null, NoPosition) { Matrices = additive.U };
            return;
        }
        bool both = options.QkNorm != RowNorm.None || options.Rotary is not null;
        if (!both && tensors.ScoreMatrices is null)
            return;
        QueryPositions positions = JobMasks.Positions(shape, options);
        RotaryEmbedding? rotary = options.Rotary?.EmbeddingFor(shape.KeyDim);
        PositionTensor? ofQueries = tensors.QueryPositions, ofKeys = tensors.KeyPositions;
        Queries = new RowPreparation(
            options.QkNorm, tensors.QueryNorm?.ToArray(), rotary,
            (batch, row) => ofQueries?.At(batch, row) ?? row + positions.RunAt(batch, row).Offset)
        {
            Matrices = tensors.ScoreMatrices,
        };
        if (!both)
            return;
        Keys = new RowPreparation(
            options.QkNorm, tensors.KeyNorm?.ToArray(), rotary, (batch, row) => ofKeys?.At(batch, row) ?? row);
    }

    /// <summary>For query rows; null = nothing.</summary>
    public RowPreparation? Queries { get; }

    /// <summary>For keys; null = nothing.</summary>
    public RowPreparation? Keys { get; }

    private static long NoPosition(int batch, long row) => row;

    /// <summary>The preparation of a job's rows.</summary>
    public static JobRows Of(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors) =>
        new(shape, options, tensors);
}
