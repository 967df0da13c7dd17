using Distributed.Engine.Analytics;
using Distributed.Engine.Documents.Embedding;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Documents.Output;

/// <summary>The files of a document job in the making. They appear together, when all of them are whole.</summary>
internal sealed class DocumentFiles : IDisposable
{
    private readonly string _folder;
    private readonly IReadOnlyList<string> _inputs;
    private readonly StagedFile _links;
    private readonly StagedFile _picture;
    private readonly StagedFile _report;
    private EmbeddingsFile? _embeddings;

    private DocumentFiles(string folder, IReadOnlyList<string> inputs, IReadOnlyList<StagedFile> staged) =>
        (_folder, _inputs, _links, _picture, _report) = (folder, inputs, staged[0], staged[1], staged[2]);

    /// <summary>Opens temporary files in a folder.</summary>
    /// <exception cref="InputException">A file cannot be made there, or would replace an input.</exception>
    public static DocumentFiles Create(string folder, IReadOnlyList<string> inputs)
    {
        var staged = new List<StagedFile>();
        try
        {
            foreach (string name in new[] { "links.json", "attention.png", "report.html" })
                staged.Add(StagedFile.Create(Path.Combine(folder, name), inputs));
            return new DocumentFiles(folder, inputs, staged);
        }
        catch
        {
            staged.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Opens the last file, and gives the sink that fills it.</summary>
    public IAttentionSink Embeddings(
        PassageEmbedding embedding, DocumentOptions options, MemorySink logSumExp, AttentionShape shape) =>
        _embeddings = new EmbeddingsFile(
            Path.Combine(_folder, "embeddings.safetensors"), embedding, options, logSumExp, shape, _inputs);

    /// <summary>Writes what is still to be written and gives the files their names.</summary>
    /// <returns>Their full paths.</returns>
    public IReadOnlyList<string> Commit(
        IReadOnlyList<Passage> passages, TopLinks strongest, IReadOnlyList<RowPair> links, PooledMatrix matrix,
        string name, CancellationToken cancellation)
    {
        LinksFile.Write(_links.Stream, passages, strongest, links, cancellation);
        using var picture = new MemoryStream();
        DocumentPicture.Write(picture, passages, matrix, name);
        _picture.Stream.Write(picture.GetBuffer(), 0, (int)picture.Length);
        ReportFile.Write(_report.Stream, name, passages, links, picture.ToArray());
        cancellation.ThrowIfCancellationRequested();
        var written = new List<string>();
        if (_embeddings is not null)
            written.Add(_embeddings.Commit());
        _links.Commit();
        _picture.Commit();
        _report.Commit();
        return [_links.Path, _picture.Path, _report.Path, .. written];
    }

    /// <summary>Takes away what was not committed.</summary>
    public void Dispose()
    {
        _embeddings?.Dispose();
        _links.Dispose();
        _picture.Dispose();
        _report.Dispose();
    }
}
