using Distributed.Engine;

namespace Distributed.Cli.Output;

/// <summary>Errors, as a user reads them: one sentence on stderr.</summary>
internal static class Complaint
{
    /// <summary>Runs a command's work and turns what it throws into a sentence and an exit code.</summary>
    public static async Task<int> GuardAsync(Func<Task> work)
    {
        // The command line listens to Ctrl-C only once the command has given the thread back; until then no file may begin.
        await Task.Yield();
        try
        {
            await work().ConfigureAwait(false);
            return ExitCodes.Done;
        }
        catch (InputException error)
        {
            Write(error.Message);
            return ExitCodes.BadInput;
        }
        catch (OperationCanceledException)
        {
            Write("Stopped; nothing was written.");
            return ExitCodes.Cancelled;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            Write(error.Message);
            return ExitCodes.Failed;
        }
    }

    /// <summary>Writes a sentence to stderr.</summary>
    public static void Write(string sentence) => Console.Error.WriteLine($"attend: {sentence.ReplaceLineEndings(" ")}");
}
