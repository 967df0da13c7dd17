namespace Distributed.Engine.Tests.Tiles;

/// <summary>
/// Messages lost, repeated, reordered, delayed and damaged: the bits stay right and nothing hangs. Time and faults come
/// from the seed, and one thread does all, so a failing seed replays: put its number in ATTEND_SEED.
/// </summary>
public class FaultyNetworkTests
{
    private const int SeedsPerCase = 100;

    public static TheoryData<int> Cases => Environment.GetEnvironmentVariable("ATTEND_SEED") is null ? [.. Enumerable.Range(0, 10)] : [0];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Faults_change_no_bit_and_nothing_hangs(int hundred)
    {
        if (Environment.GetEnvironmentVariable("ATTEND_SEED") is { } only)
        {
            await new SimulatedRing(int.Parse(only)).CheckAsync();
            return;
        }
        int lost = 0, repeated = 0, damaged = 0, unasked = 0;
        long neighbour = 0, owner = 0, store = 0, shared = 0, givenOn = 0, referrals = 0;
        for (int seed = hundred * SeedsPerCase; seed < (hundred + 1) * SeedsPerCase; seed++)
        {
            var ring = new SimulatedRing(seed);
            await ring.CheckAsync();
            lost += ring.Network!.Lost;
            repeated += ring.Network.Repeated;
            damaged += ring.Network.Damaged;
            unasked += ring.Network.Unasked;
            neighbour += ring.Traffic.Sum(traffic => traffic.NeighbourBytes);
            owner += ring.Traffic.Sum(traffic => traffic.OwnerBytes);
            store += ring.Traffic.Sum(traffic => traffic.StoreBytes);
            shared += ring.Traffic.Sum(traffic => traffic.SharedTiles);
            givenOn += ring.Traffic.Sum(traffic => traffic.BytesGivenOn);
            referrals += ring.Traffic.Sum(traffic => traffic.Referrals);
        }
        // A hundred seeds without some fault, or without some way that a tile can come, would show nothing of it.
        Assert.All(new[] { lost, repeated, damaged, unasked }, count => Assert.NotEqual(0, count));
        Assert.All(new[] { neighbour, owner, store, shared, givenOn, referrals }, count => Assert.NotEqual(0, count));
    }
}
