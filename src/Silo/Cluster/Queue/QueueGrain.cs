using System.Text.Json;
using Distributed.Engine;
using Distributed.Engine.Files;
using Distributed.Silo.Access;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>Hosts the <see cref="JobQueue"/> of the cluster. When its silo is lost, the next one reads the records and goes on.</summary>
[KeepAlive]
internal sealed class QueueGrain(JobQueue queue) : Grain, IQueueGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(queue.OpenAsync, cancellationToken);
        }
        catch (SupersededException other)
        {
            // Whoever asked asks again, and finds the other one.
            throw new OrleansException(other.Message, other);
        }
    }

    // The jobs go on; the next queue finds them at work.
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.Run(queue.LeaveAsync, CancellationToken.None);

    public async Task<QueueAnswer> AskAsync(QueueQuestion question)
    {
        QueueAnswer answer = await Task.Run(() => AnswerOrRefuseAsync(question));
        if (!queue.Superseded)
            return answer;
        // Two silos had the queue for a while; this one is out of date, and must not be asked again.
        DeactivateOnIdle();
        return Refused(Refusal.Unavailable, "The queue of the cluster has moved to another silo; ask again.");
    }

    private async Task<QueueAnswer> AnswerOrRefuseAsync(QueueQuestion question)
    {
        try
        {
            return await AnswerAsync(question);
        }
        catch (RefusedException refused)
        {
            return Refused(refused.Refusal, refused.Message);
        }
        catch (SupersededException other)
        {
            return Refused(Refusal.Unavailable, other.Message);
        }
        catch (InputException input)
        {
            return Refused(Refusal.BadInput, input.Message);
        }
        catch (IOException full) when (DiskFullException.Is(full))
        {
            return Refused(Refusal.DiskFull, "The cluster's disk has no room. What was stored before is untouched; try again when there is room.");
        }
    }

    private async Task<QueueAnswer> AnswerAsync(QueueQuestion question)
    {
        switch (question.Matter)
        {
            case QueueMatter.Submit:
                (JobSnapshot taken, bool isNew) = await queue.SubmitAsync(Said<JobOrder>(question));
                return new QueueAnswer(taken.Json, isNew);
            case QueueMatter.Find:
                return new QueueAnswer((await queue.FindAsync(question.Job))?.Json);
            case QueueMatter.List:
                return Answer(await queue.ListAsync(Said<JobQuery>(question)));
            case QueueMatter.WhenChanged:
                return new QueueAnswer((await queue.WhenChangedAsync(question.Job, question.After, question.Patience, CancellationToken.None))?.Json);
            case QueueMatter.Blocks:
                return Answer(await queue.BlocksAsync(question.Job));
            case QueueMatter.Pause:
                return new QueueAnswer((await queue.PauseAsync(question.Job, Said<Caller>(question))).Json);
            case QueueMatter.Resume:
                return new QueueAnswer((await queue.ResumeAsync(question.Job, Said<Caller>(question))).Json);
            case QueueMatter.Cancel:
                return new QueueAnswer((await queue.CancelAsync(question.Job, Said<Caller>(question))).Json);
            case QueueMatter.Remove:
                return new QueueAnswer((await queue.RemoveAsync(question.Job, Said<Caller>(question)))?.Json);
            case QueueMatter.Paths:
                return Answer(await queue.PathsAsync(question.Job));
            default:
                return Answer(await queue.StatusAsync());
        }
    }

    private static T Said<T>(QueueQuestion question) => JsonSerializer.Deserialize<T>(question.Json, ApiJson.Options)!;

    private static QueueAnswer Answer<T>(T? value)
        where T : class => new(value is null ? null : JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options));

    private static QueueAnswer Refused(Refusal refusal, string detail) =>
        new(null, false, JsonSerializer.SerializeToUtf8Bytes(refusal, ApiJson.Options), detail);
}
