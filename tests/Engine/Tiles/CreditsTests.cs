using Distributed.Engine.Tiles;

namespace Distributed.Engine.Tests.Tiles;

public class CreditsTests
{
    [Fact]
    public void Who_asked_first_goes_on_first_and_one_that_gave_up_takes_no_credit()
    {
        var credits = new Credits(2);
        using var givesUp = new CancellationTokenSource();
        Task[] taken = [.. Enumerable.Range(0, 5).Select(i => credits.TakeAsync(i == 2 ? givesUp.Token : default))];
        Assert.Equal([true, true, false, false, false], taken.Select(task => task.IsCompleted));

        givesUp.Cancel();
        Assert.True(taken[2].IsCanceled);
        credits.Give();
        Assert.Equal([true, true, true, true, false], taken.Select(task => task.IsCompleted));
        credits.Give();
        Assert.True(taken[4].IsCompletedSuccessfully);

        credits.Give();
        Assert.True(credits.TakeAsync(default).IsCompletedSuccessfully, "A credit given back while nobody waits is there for the next.");
        Assert.False(credits.TakeAsync(default).IsCompleted, "There are no more than two credits.");
    }
}
