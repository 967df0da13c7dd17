using System.Diagnostics;
using Distributed.Engine.Jobs;
using Spectre.Console;

namespace Distributed.Cli.Output;

/// <summary>
/// Progress on stderr: a bar with rate and time left on a terminal, plain lines every few seconds elsewhere.
/// </summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(2);

    /// <summary>Runs the work and shows how far it is.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="show">False = show nothing.</param>
    /// <param name="work">The work; it reports to the progress it is given.</param>
    public static Task<T> RunAsync<T>(string title, bool show, Func<IProgress<JobProgress>?, Task<T>> work)
    {
        if (!show)
            return work(null);
        return Console.IsErrorRedirected ? work(new PlainLines(title)) : RunOnTerminalAsync(title, work);
    }

    private static Task<T> RunOnTerminalAsync<T>(string title, Func<IProgress<JobProgress>?, Task<T>> work)
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        var rate = new RateColumn();
        return console.Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), rate,
                new RemainingTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                return work(new Bar(task, rate));
            });
    }

    private static string Rate(double flops, TimeSpan elapsed) =>
        $"{(elapsed > TimeSpan.Zero ? flops / elapsed.TotalSeconds / 1e9 : 0):f0} GFLOP/s";

    private sealed class Bar(ProgressTask task, RateColumn rate) : IProgress<JobProgress>
    {
        private readonly long _started = Stopwatch.GetTimestamp();

        public void Report(JobProgress value)
        {
            rate.Text = Rate(value.Flops, Stopwatch.GetElapsedTime(_started));
            task.Value = value.Done;
        }
    }

    private sealed class RateColumn : ProgressColumn
    {
        public string Text { get; set; } = "";

        public override Spectre.Console.Rendering.IRenderable Render(
            Spectre.Console.Rendering.RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(Text);
    }

    private sealed class PlainLines(string title) : IProgress<JobProgress>
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private TimeSpan _next = PlainInterval;

        public void Report(JobProgress value)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_started);
            if (elapsed < _next)
                return;
            _next = elapsed + PlainInterval;
            string left = value.Done > 0
                ? $", {elapsed.TotalSeconds * (1 - value.Done) / value.Done:f0} s left"
                : "";
            Console.Error.WriteLine($"{title}: {value.Done:p0}, {Rate(value.Flops, elapsed)}{left}");
        }
    }
}
