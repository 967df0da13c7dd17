using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Tests.Checkpoints;

public sealed class JobFoldersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("folders").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Several_who_take_a_folder_away_at_once_are_all_done_when_it_is_gone()
    {
        for (int round = 0; round < 30; round++)
        {
            string job = Path.Combine(_folder, $"{round}");
            for (int block = 0; block < 40; block++)
                File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(job, "rows", $"{block}")).FullName, "file"), "rows");
            using var together = new Barrier(4);
            Task[] tasks = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    JobFolders.Remove(job);
                    Assert.False(Directory.Exists(job), "One was done while the folder was still there.");
                },
                TaskCreationOptions.LongRunning))];
            await Task.WhenAll(tasks);
        }
    }

    [Fact]
    public void A_folder_that_is_not_there_is_none_to_take() => JobFolders.Remove(Path.Combine(_folder, "none"));
}
