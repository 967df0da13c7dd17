namespace Distributed.Engine.Checkpoints;

/// <summary>The folders of jobs, which several may take away at the same time: who ends a job, and who removes it at once.</summary>
public static class JobFolders
{
    /// <summary>Takes a folder away with all that is in it. One that is gone, or that others are taking away too, is none to take.</summary>
    /// <param name="folder">Its path.</param>
    /// <exception cref="IOException">The disk failed, or files are put there again and again.</exception>
    public static void Remove(string folder)
    {
        for (int more = 100; Directory.Exists(folder);)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // Another was faster with it, or with a folder in it: each time there is less to take.
            }
            catch (IOException) when (more-- > 0)
            {
                // Somebody who does not know yet has just left a file there.
            }
        }
    }
}
