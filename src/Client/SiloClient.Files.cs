using System.Globalization;
using System.Net;

namespace Distributed.Client;

/// <content>Stored tensors and documents.</content>
public sealed partial class SiloClient
{
    /// <summary>Uploads a file. What broke off is gone on with; the server checks the whole by its SHA-256.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="name">The name it gets.</param>
    /// <param name="path">The file.</param>
    /// <param name="progress">Told as it goes; null = nobody.</param>
    /// <param name="cancellation">Gives up; the next upload of the name can go on from there.</param>
    /// <exception cref="SiloException">It is refused, or no silo answered.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<StoredFile> UploadAsync(
        StoredKind kind, string name, string path, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return await UploadAsync(kind, name, file, progress, cancellation).ConfigureAwait(false);
    }

    /// <summary>Uploads what a stream holds.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="name">The name it gets.</param>
    /// <param name="content">The bytes; a stream that can seek, so that they can be sent again.</param>
    /// <param name="progress">Told as it goes; null = nobody.</param>
    /// <param name="cancellation">Gives up; the next upload of the name can go on from there.</param>
    /// <exception cref="SiloException">It is refused, or no silo answered.</exception>
    public Task<StoredFile> UploadAsync(
        StoredKind kind, string name, Stream content, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        Upload.SendAsync(_transport, PathOf(kind, name), content, progress, cancellation);

    /// <summary>Downloads a stored file.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="path">Where it goes; what has this name is replaced when all of it is there and has the right checksum.</param>
    /// <param name="progress">Told as it comes; null = nobody.</param>
    /// <param name="cancellation">Gives up; nothing is left behind.</param>
    /// <exception cref="SiloException">There is no such file, or no silo answered.</exception>
    public Task DownloadAsync(
        StoredKind kind, string name, string path, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        Download.ToFileAsync(_transport, PathOf(kind, name), path, progress, cancellation);

    /// <summary>What is known of a stored file.</summary>
    /// <exception cref="SiloException">There is no such file, or no silo answered.</exception>
    public Task<StoredFile> FindAsync(StoredKind kind, string name, CancellationToken cancellation = default) =>
        ReadAsync<StoredFile>(PathOf(kind, name) + "/info", cancellation);

    /// <summary>Some stored files, by name.</summary>
    /// <param name="kind">What they are.</param>
    /// <param name="after">Behind this name; null = from the first.</param>
    /// <param name="limit">How many at most, up to 1000.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SiloException">No silo answered.</exception>
    public Task<FilePage> ListAsync(StoredKind kind, string? after = null, int limit = 100, CancellationToken cancellation = default) =>
        ReadAsync<FilePage>(
            $"v1/{kind.Folder}?limit={limit.ToString(CultureInfo.InvariantCulture)}" + (after is null ? "" : $"&after={Escaped(after)}"), cancellation);

    /// <summary>Removes a stored file; jobs that use it keep it.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="SiloException">It is refused, or no silo answered.</exception>
    public async Task<bool> RemoveAsync(StoredKind kind, string name, CancellationToken cancellation = default)
    {
        try
        {
            using HttpResponseMessage answer = await SendAsync(HttpMethod.Delete, PathOf(kind, name), cancellation).ConfigureAwait(false);
            return true;
        }
        catch (SiloException none) when (none.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private static string PathOf(StoredKind kind, string name) => $"v1/{kind.Folder}/{Escaped(name)}";
}
