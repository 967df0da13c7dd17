namespace Distributed.Silo.Storage;

/// <summary>The stored files of every kind.</summary>
public interface IStorage
{
    /// <summary>The files of a kind, and the uploads to them.</summary>
    (FileStore Store, Uploads Uploads) FilesOf(StoredKind kind);
}

/// <summary>The stored files of every kind, in one data folder.</summary>
public sealed class FileStorage : IStorage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<StoredKind, (FileStore Store, Uploads Uploads)> _kinds = [];

    /// <summary>Makes the folders.</summary>
    public FileStorage(DataFolder data, Quota quota)
    {
        ArgumentNullException.ThrowIfNull(data);
        var locks = new NameLocks(data.Locks, Patience);
        locks.Open();
        foreach (StoredKind kind in new[] { StoredKind.Tensors, StoredKind.Documents })
        {
            var store = new FileStore(kind, data.Root, locks);
            var folder = new UploadFolder(kind, data.Root, locks);
            store.Open();
            folder.Open();
            _kinds[kind] = (store, new Uploads(store, folder, quota));
        }
    }

    /// <inheritdoc/>
    public (FileStore Store, Uploads Uploads) FilesOf(StoredKind kind) => _kinds[kind];

    /// <summary>Takes away what lost processes left behind, and uploads that nobody has gone on with for so long.</summary>
    public void Sweep(TimeSpan unfinished, TimeSpan leftBehind)
    {
        foreach ((FileStore store, Uploads uploads) in _kinds.Values)
        {
            store.Sweep(leftBehind);
            uploads.Folder.Sweep(unfinished, leftBehind, name => store.Find(name)?.Content);
        }
    }
}
