using System.Globalization;
using Distributed.Engine.Documents.Embedding;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Documents.Output;

/// <summary>
/// <c>embeddings.safetensors</c> in the making: <c>embeddings</c> and <c>output</c>, both <c>[1, heads, passages, dim]</c>,
/// and <c>lse</c> <c>[1, heads, passages]</c>, all F32. It takes the rows of the attention as they are finished.
/// </summary>
internal sealed class EmbeddingsFile : IAttentionSink, IDisposable
{
    private readonly TensorFileWriter _file;
    private readonly MemorySink _logSumExp;
    private readonly AttentionShape _shape;

    /// <summary>Creates the file under a temporary name, and writes the embeddings.</summary>
    /// <exception cref="InputException">It cannot be made there.</exception>
    public EmbeddingsFile(
        string path, PassageEmbedding embedding, DocumentOptions options, MemorySink logSumExp, AttentionShape shape,
        IEnumerable<string> inputs)
    {
        _logSumExp = logSumExp;
        _shape = shape;
        long heads = embedding.Heads, passages = embedding.Passages, dim = embedding.Dim;
        _file = TensorFileWriter.Create(
            path,
            [
                new TensorSpec("embeddings", FileElementType.F32, 1, heads, passages, dim),
                new TensorSpec("output", FileElementType.F32, 1, heads, passages, dim),
                new TensorSpec("lse", FileElementType.F32, 1, heads, passages),
            ],
            Metadata(embedding, options), inputs);
        for (int head = 0; head < heads; head++)
        {
            for (int passage = 0; passage < passages; passage++)
                _file["embeddings"].WriteRows(head * passages + passage, embedding.Row(head, passage));
        }
    }

    /// <inheritdoc/>
    public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp)
    {
        long row = head * _shape.QueryRows + firstRow;
        _file["output"].WriteRows(row, output);
        _file["lse"].Write(row, logSumExp);
        _logSumExp.Write(batch, head, firstRow, output, logSumExp);
    }

    /// <summary>Gives the file its final name.</summary>
    public string Commit()
    {
        _file.Commit();
        return _file.Path;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static Dictionary<string, string> Metadata(PassageEmbedding embedding, DocumentOptions options) => new()
    {
        ["unit"] = options.Unit.ToString(),
        ["scale"] = options.Temperature.ToString(CultureInfo.InvariantCulture),
        ["exclude"] = options.Exclude.ToString(CultureInfo.InvariantCulture),
        ["heads"] = string.Join("; ", Enumerable.Range(0, embedding.Heads).Select(
            head => FeatureFamily.All[head % FeatureFamily.All.Count].Name)),
    };
}
