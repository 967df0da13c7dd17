using System.Net;
using Distributed.Silo.Cluster.Membership;

namespace Distributed.Cluster.Tests;

/// <summary>The membership table keeps one sequence of versions, whoever changes it.</summary>
public sealed class MembershipTableTests : IAsyncLifetime
{
    private static readonly IPEndPoint Nowhere = new(IPAddress.Loopback, 1);
    private readonly string _cluster = $"test-{Guid.NewGuid():n}";
    private PostgresServer _postgres = null!;
    private PostgresMembershipTable _table = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = PostgresServer.StartOrSkip();
        _table = Table(_cluster);
        await _table.InitializeMembershipTable(true);
    }

    public ValueTask DisposeAsync()
    {
        _postgres?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_is_written_is_read()
    {
        MembershipEntry entry = Entry(1);
        entry.SuspectTimes = [Tuple.Create(Silo(2), new DateTime(638_000_000_000_000_000, DateTimeKind.Utc))];

        Assert.True(await InsertAsync(entry));

        MembershipTableData all = await _table.ReadAll(), one = await _table.ReadRow(entry.SiloAddress);
        Assert.Equal((1, 1), (all.Version.Version, one.Version.Version));
        MembershipEntry read = Assert.Single(one.Members).Item1;
        Assert.Equal(
            (entry.SiloAddress, entry.Status, entry.HostName, entry.SiloName, entry.ProxyPort, entry.StartTime, entry.IAmAliveTime),
            (read.SiloAddress, read.Status, read.HostName, read.SiloName, read.ProxyPort, read.StartTime, read.IAmAliveTime));
        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Empty((await _table.ReadRow(Silo(9))).Members);
    }

    [Fact]
    public async Task A_change_on_an_old_version_or_an_old_row_is_refused_and_changes_nothing()
    {
        MembershipTableData empty = await _table.ReadAll();
        Assert.True(await _table.InsertRow(Entry(1), empty.Version.Next()));
        Assert.False(await _table.InsertRow(Entry(2), empty.Version.Next()));
        MembershipTableData one = await _table.ReadAll();
        (MembershipEntry entry, string etag) = one.Members[0];
        entry.Status = SiloStatus.Active;
        Assert.True(await _table.UpdateRow(entry, etag, one.Version.Next()));
        MembershipTableData two = await _table.ReadAll();

        entry.Status = SiloStatus.Dead;
        Assert.False(await _table.UpdateRow(entry, etag, two.Version.Next()));

        MembershipTableData after = await _table.ReadAll();
        Assert.Equal((2, SiloStatus.Active), (after.Version.Version, Assert.Single(after.Members).Item1.Status));
    }

    [Fact]
    public async Task Of_changes_at_the_same_time_exactly_one_wins_each_version()
    {
        int won = 0;
        await Task.WhenAll(Enumerable.Range(1, 12).Select(async port =>
        {
            while (!await InsertAsync(Entry(port)))
            {
            }
            Interlocked.Increment(ref won);
        }));

        MembershipTableData data = await _table.ReadAll();
        Assert.Equal((12, 12, 12), (won, data.Members.Count, data.Version.Version));
    }

    [Fact]
    public async Task A_sign_of_life_raises_no_version_and_old_dead_entries_can_be_cleaned_up()
    {
        MembershipEntry dead = Entry(1), active = Entry(2);
        dead.Status = SiloStatus.Dead;
        active.Status = SiloStatus.Active;
        await InsertAsync(dead);
        await InsertAsync(active);
        active.IAmAliveTime = active.IAmAliveTime.AddMinutes(1);

        await _table.UpdateIAmAlive(active);
        await _table.CleanupDefunctSiloEntries(DateTimeOffset.UtcNow.AddHours(1));

        MembershipTableData data = await _table.ReadAll();
        Assert.Equal(2, data.Version.Version);
        Assert.Equal((active.SiloAddress, active.IAmAliveTime), (Assert.Single(data.Members).Item1.SiloAddress, data.Members[0].Item1.IAmAliveTime));
    }

    [Fact]
    public async Task Clusters_of_different_names_do_not_see_one_another()
    {
        PostgresMembershipTable other = Table("another");
        await other.InitializeMembershipTable(true);
        await InsertAsync(Entry(1));

        Assert.Empty((await other.ReadAll()).Members);
        await other.DeleteMembershipTableEntries("another");
        Assert.Single((await _table.ReadAll()).Members);
    }

    [Fact]
    public async Task A_new_silo_declares_dead_those_that_neither_answer_nor_have_been_heard_of()
    {
        MembershipEntry silent = Entry(2);
        silent.Status = SiloStatus.Active;
        silent.StartTime = silent.IAmAliveTime = DateTime.UtcNow.AddMinutes(-1);
        await InsertAsync(silent);

        await Table(_cluster).InitializeMembershipTable(true);

        Assert.Equal(SiloStatus.Dead, Assert.Single((await _table.ReadAll()).Members).Item1.Status);
    }

    private PostgresMembershipTable Table(string cluster) => new(_postgres.Connection, cluster, Nowhere, TimeSpan.FromSeconds(9));

    private async Task<bool> InsertAsync(MembershipEntry entry) =>
        await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());

    private static SiloAddress Silo(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 7);

    private static MembershipEntry Entry(int port) => new()
    {
        SiloAddress = Silo(port),
        Status = SiloStatus.Joining,
        HostName = "host",
        SiloName = $"silo {port}",
        ProxyPort = 30000,
        StartTime = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc),
    };
}
