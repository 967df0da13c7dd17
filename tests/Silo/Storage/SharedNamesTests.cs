using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Distributed.Silo.Http;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Tests.Storage;

/// <summary>Two silos that share a data folder and change the same names.</summary>
public sealed class SharedNamesTests : IDisposable
{
    private const string Name = "number", Owner = "key";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("names-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task No_change_is_made_on_the_strength_of_what_another_silo_has_replaced()
    {
        const int Tasks = 6, Changes = 25;
        Uploads[] silos = [Silo(), Silo()];
        await StoreAsync(silos[0], "0", _ => { });

        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => Task.Run(
            async () =>
            {
                for (int changed = 0; changed < Changes;)
                {
                    (StoredFile file, int number) = Read();
                    changed += await TryStoreAsync(silos[i % 2], $"{number + 1}", now => Require(now?.Content == file.Content)) ? 1 : 0;
                }
            },
            TestContext.Current.CancellationToken)));

        Assert.Equal(Tasks * Changes, Read().Number);
    }

    [Fact]
    public async Task Bytes_of_one_upload_never_get_into_what_another_silo_stores()
    {
        const int Tasks = 4, Changes = 30;
        Uploads[] silos = [Silo(), Silo()];
        FileStore store = Storage().FilesOf(StoredKind.Documents).Store;

        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => Task.Run(
            async () =>
            {
                for (int stored = 0; stored < Changes;)
                    stored += await TryStoreAsync(silos[i % 2], new string((char)('a' + i), 1000 + stored), _ => { }) ? 1 : 0;
            },
            TestContext.Current.CancellationToken)));

        StoredFile file = store.Find(Name)!;
        using FileStream bytes = store.Read(file)!;
        Assert.Equal(file.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, TestContext.Current.CancellationToken)));
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_root.FullName, StoredKind.Documents.Folder, "contents")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_root.FullName, "uploads"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Who_waits_too_long_for_another_silo_is_told_so()
    {
        string folder = Path.Combine(_root.FullName, "locks");
        var mine = new NameLocks(folder, TimeSpan.FromMilliseconds(50));
        var others = new NameLocks(folder, TimeSpan.FromMilliseconds(50));
        mine.Open();

        using (others.Enter(Name))
        {
            RefusedException late = Assert.Throws<RefusedException>(() => mine.Enter(Name).Dispose());
            Assert.Equal(Refusal.Unavailable, late.Refusal);
            Assert.Contains($"'{Name}'", late.Message, StringComparison.Ordinal);
        }

        mine.Enter(Name).Dispose();
    }

    private FileStorage Storage() => new(new DataFolder(_root.FullName), new Quota(_root.FullName, null));

    private Uploads Silo() => Storage().FilesOf(StoredKind.Documents).Uploads;

    private (StoredFile File, int Number) Read()
    {
        FileStore store = Storage().FilesOf(StoredKind.Documents).Store;
        while (true)
        {
            StoredFile file = store.Find(Name)!;
            if (store.Read(file) is not { } bytes)
                continue;
            using var reader = new StreamReader(bytes);
            return (file, int.Parse(reader.ReadToEnd(), CultureInfo.InvariantCulture));
        }
    }

    private static void Require(bool holds)
    {
        if (!holds)
            throw new RefusedException(Refusal.Precondition, "It is another one by now.");
    }

    private static async Task<bool> TryStoreAsync(Uploads silo, string text, Action<StoredFile?> allows)
    {
        try
        {
            await StoreAsync(silo, text, allows);
            return true;
        }
        catch (RefusedException refused) when (refused.Refusal == Refusal.Precondition || refused.Refusal == Refusal.UploadBusy)
        {
            return false;
        }
    }

    private static Task<UploadOutcome> StoreAsync(Uploads silo, string text, Action<StoredFile?> allows) => silo.ReceiveAsync(
        new UploadRequest(Name, Owner, null, null, null, null, null), new MemoryStream(Encoding.UTF8.GetBytes(text)), allows,
        TestContext.Current.CancellationToken);
}
