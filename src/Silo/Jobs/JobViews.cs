namespace Distributed.Silo.Jobs;

/// <summary>Makes what callers see of a job from what the server knows of it.</summary>
internal static class JobViews
{
    public static JobStatus Of(JobRecord record, RunProgress progress, RateMeter meter, string? waitsFor, long revision)
    {
        double done = record.State == JobState.Finished ? 1 : progress.Done;
        long tiles = record.Plan?.Tiles ?? 0;
        bool running = record.State == JobState.Running;
        return new JobStatus
        {
            Id = record.Id,
            Name = record.Name,
            Kind = record.Kind,
            State = record.State,
            Revision = revision,
            Owner = record.Owner,
            Priority = record.Priority,
            WaitsFor = record.State == JobState.Waiting ? waitsFor : null,
            Error = record.Error,
            IsInputError = record.IsInputError,
            Submitted = record.Submitted,
            Started = record.Started,
            Ended = record.Ended,
            Phase = running ? progress.Phase : null,
            Done = done,
            Rate = running ? Math.Round(meter.Rate) : 0,
            SecondsLeft = running ? meter.SecondsLeft : null,
            Seconds = Math.Round(record.Seconds + meter.Seconds, 3),
            Flops = progress.Flops,
            PairsSeen = progress.PairsSeen,
            TilesDone = (long)(done * tiles),
            Tiles = tiles,
            Blocks = progress.Blocks > 0 ? progress.Blocks : record.Plan?.Blocks ?? 0,
            BlocksFinished = progress.BlocksFinished,
            MemoryBytes = record.MemoryBytes,
            Starts = record.Starts,
            AttemptsLost = progress.AttemptsLost,
            Redone = progress.Redone,
            Unsaved = progress.Unsaved,
            Coordinators = progress.Coordinators,
            Silos = progress.Silos,
            Files = [.. record.Files.Select(file => new FileView(file.Name, file.Bytes))],
            History = record.History,
        };
    }

    public static JobSummary Summary(JobStatus job) => new(
        job.Id, job.Name, job.Kind, job.State, job.Owner, job.Priority, job.Submitted, job.Ended, job.Done, job.Rate,
        job.SecondsLeft, job.Error);
}
