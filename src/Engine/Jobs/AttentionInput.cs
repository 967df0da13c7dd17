namespace Distributed.Engine.Jobs;

/// <summary>The three tensors of an attention, checked against one another.</summary>
public sealed class AttentionInput
{
    /// <summary>Takes the tensors.</summary>
    /// <param name="queries"><c>[B, Hq, Sq, D]</c>.</param>
    /// <param name="keys"><c>[B, Hkv, Skv, D]</c>.</param>
    /// <param name="values"><c>[B, Hkv, Skv, Dv]</c>.</param>
    /// <param name="pastRows">How many of the keys were there before the queries.</param>
    /// <param name="projected">
    /// Whether queries and keys are brought to the same size before they meet, so that their own may differ.
    /// </param>
    /// <exception cref="InputException">Their shapes do not fit one another.</exception>
    public AttentionInput(HeadTensor queries, KeyRows keys, KeyRows values, long pastRows = 0, bool projected = false)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        Require(queries.Dim > 0, $"q has head size {queries.Dim}; at least 1 is expected.");
        Require(values.Dim > 0, $"v has head size {values.Dim}; at least 1 is expected.");
        Require(!projected || keys.Dim > 0, $"k has head size {keys.Dim}; at least 1 is expected.");
        Require(projected || keys.Dim == queries.Dim, $"k has head size {keys.Dim} but q has {queries.Dim}; they must be equal.");
        Require(
            keys.Batch == queries.Batch && values.Batch == queries.Batch,
            $"q, k and v have batch sizes {queries.Batch}, {keys.Batch} and {values.Batch}; they must be equal.");
        Require(values.Heads == keys.Heads, $"v has {values.Heads} heads but k has {keys.Heads}; they must be equal.");
        Require(values.Rows == keys.Rows, $"v has {values.Rows} rows but k has {keys.Rows}; they must be equal.");
        Require(
            keys.Heads == 0 ? queries.Heads == 0 : queries.Heads % keys.Heads == 0,
            $"q has {queries.Heads} heads and k has {keys.Heads}; the heads of q must be a multiple of those of k.");
        Queries = queries;
        Keys = keys;
        Values = values;
        Shape = new AttentionShape(
            queries.Batch, queries.Heads, keys.Heads, queries.Rows, keys.Rows, queries.Dim, values.Dim,
            pastRows)
        {
            QueryDim = queries.Dim,
        };
    }

    /// <summary>Queries <c>[B, Hq, Sq, D]</c>.</summary>
    public HeadTensor Queries { get; }

    /// <summary>Keys <c>[B, Hkv, Skv, D]</c>.</summary>
    public KeyRows Keys { get; }

    /// <summary>Values <c>[B, Hkv, Skv, Dv]</c>.</summary>
    public KeyRows Values { get; }

    /// <summary>The sizes.</summary>
    public AttentionShape Shape { get; }

    /// <summary>Optional tensors.</summary>
    public AttentionTensors Tensors { get; init; } = AttentionTensors.None;

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
