using System.Diagnostics;
using Distributed.Cluster.Tests.Network;

namespace Distributed.Cluster.Tests.Faults;

/// <summary>The network between two silos is cut for a while; the third one and the database reach both.</summary>
public sealed class CutNetworkTests : IAsyncLifetime
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(5);

    private TestNetwork _network = null!;
    private FaultScene _scene = null!;

    public async ValueTask InitializeAsync()
    {
        _network = TestNetwork.CreateOrSkip();
        try
        {
            _scene = await FaultScene.StartAsync(_network);
        }
        catch
        {
            _network.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_scene is not null)
            await _scene.DisposeAsync();
        _network?.Dispose();
    }

    [Fact]
    public async Task A_cut_between_two_silos_costs_no_more_than_it_lasts()
    {
        int runs = Runs.Of(few: 1, full: 20);
        var measured = new FaultTimes();
        double usual = await _scene.MeasureSecondAsync();
        for (int run = 0; run < runs; run++)
        {
            (Guid job, string output) = await _scene.SubmitAsync();
            JobView before = await _scene.ReachedAsync(job, _scene.Moment(0.7));
            SiloProcess[] two = _scene.Pick(2);
            long cut = Stopwatch.GetTimestamp();
            TestNetwork.Cut(two[0].Place!, two[1].Place!);
            await Task.Delay(Away); // The fault itself.
            TestNetwork.Heal(two[0].Place!, two[1].Place!);

            JobView ended = await _scene.CheckAsync(job, output, $"run {run}, cut between {two[0].Id} and {two[1].Id}");
            double added = Math.Max(0, ended.Seconds - usual), bound = Away.TotalSeconds + ended.Unsaved * ended.Seconds + _scene.Second;
            Assert.True(
                before.Ended || added < bound,
                $"run {run}: the job took {ended.Seconds:f1} s, {added:f1} s longer than without a cut; {bound:f1} s are allowed.\n{_scene.Cluster.Said()}");
            measured.Recovered.Add(added);
            measured.Redone.Add(ended.Redone * 100);
            await _scene.FillUpAsync();
        }
        Table.Add($"network cut between two silos for {Away.TotalSeconds} s (recovered: time added to the job)", runs, measured);
    }
}
