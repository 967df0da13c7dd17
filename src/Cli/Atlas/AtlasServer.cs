using System.Diagnostics;
using System.Globalization;
using Distributed.Cli.Clusters;
using Distributed.Engine;

namespace Distributed.Cli.Atlas;

/// <summary>The server of an atlas, a process of its own: this program knows nothing of HTTP servers.</summary>
internal sealed class AtlasServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Moment = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;

    private AtlasServer(Process process, Uri page) => (_process, Page) = (process, page);

    /// <summary>The address of the page.</summary>
    public Uri Page { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="InputException">It cannot use what it was given, or this build has no such program.</exception>
    /// <exception cref="IOException">It ended, or does not answer.</exception>
    public static async Task<AtlasServer> StartAsync(string path, int port, int threads, int mebibytes, CancellationToken cancellation)
    {
        string[] arguments = ["atlas", path, Text(port), Text(threads), Text(mebibytes)];
        var start = new ProcessStartInfo(SiloProgram.Find(), arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        var server = new AtlasServer(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}/atlas/file"));
        try
        {
            await server.AnswersAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for its end, which is a failure, or until it is to stop.</summary>
    /// <exception cref="IOException">It ended by itself.</exception>
    public async Task EndAsync(CancellationToken cancellation)
    {
        try
        {
            await _process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        throw new IOException($"The server of the atlas ended by itself: {await SaidAsync()}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Terminate(_process.Id);
            using var late = new CancellationTokenSource(Patience);
            await _process.WaitForExitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private async Task AnswersAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient();
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Patience)
        {
            if (_process.HasExited)
            {
                string said = await SaidAsync();
                throw _process.ExitCode == ExitCodes.BadInput ? new InputException(said) : new IOException($"The server of the atlas ended: {said}");
            }
            try
            {
                using HttpResponseMessage answer = await client.GetAsync(Page, cancellation);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await Task.Delay(Moment, cancellation);
        }
        throw new IOException($"The server of the atlas does not answer within {Patience.TotalSeconds} s.");
    }

    private async Task<string> SaidAsync() => (await _process.StandardError.ReadToEndAsync()).Trim().ReplaceLineEndings(" ");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
