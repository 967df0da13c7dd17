using System.Globalization;
using System.Net;
using Npgsql;

namespace Distributed.Silo.Cluster.Membership;

/// <summary>
/// The cluster's membership in two tables of a PostgreSQL database. Orleans has a provider of its own, but its SQL script
/// comes in no package; these tables are made by <c>init</c> or by the first silo.
/// </summary>
/// <param name="connection">Connection string.</param>
/// <param name="cluster">Name of the cluster.</param>
/// <param name="self">Where this silo listens.</param>
/// <param name="silence">After how long without a sign of life a silo that takes no connections counts as dead at the start of another.</param>
/// <remarks>
/// Every change of the membership raises the cluster's version by one, in the same transaction, and fails if another silo
/// was faster: so all silos see the same sequence of changes.
/// </remarks>
public sealed class PostgresMembershipTable(string connection, string cluster, IPEndPoint self, TimeSpan silence) : IMembershipTable
{
    // The advisory lock keeps two silos that start together from creating the tables at the same time, which fails even
    // with "if not exists".
    private const string Create = """
        select pg_advisory_xact_lock(770011);
        create table if not exists attend_membership_version (
            cluster text primary key, version integer not null);
        create table if not exists attend_membership (
            cluster text not null, silo text not null, etag integer not null, status integer not null, host text not null,
            name text not null, gateway_port integer not null, started timestamptz not null, alive timestamptz not null,
            suspects text not null, primary key (cluster, silo));
        """;

    private const string Columns = "silo, etag, status, host, name, gateway_port, started, alive, suspects";

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connection);

    /// <summary>Creates the tables where they are missing.</summary>
    public static async Task CreateTablesAsync(string connection)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connection);
        await using NpgsqlConnection open = await source.OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await open.BeginTransactionAsync();
        await using (var create = new NpgsqlCommand(Create, open, transaction))
            await create.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    /// <inheritdoc/>
    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        // Looked for first: a user who may not create tables can still use those that are there.
        await using (NpgsqlCommand look = _source.CreateCommand("select to_regclass('attend_membership') is not null"))
        {
            if (await look.ExecuteScalarAsync() is not true)
                await CreateTablesAsync(connection);
        }
        if (!tryInitTableVersion)
            return;
        await using NpgsqlCommand insert = _source.CreateCommand(
            "insert into attend_membership_version values (@cluster, 0) on conflict do nothing");
        insert.Parameters.AddWithValue("cluster", cluster);
        await insert.ExecuteNonQueryAsync();
        await DefunctSilos.DeclareDeadAsync(this, self, silence);
    }

    /// <inheritdoc/>
    public async Task DeleteMembershipTableEntries(string clusterId)
    {
        await using NpgsqlCommand delete = _source.CreateCommand(
            "delete from attend_membership where cluster = @cluster; delete from attend_membership_version where cluster = @cluster");
        delete.Parameters.AddWithValue("cluster", clusterId);
        await delete.ExecuteNonQueryAsync();
    }

    /// <inheritdoc/>
    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        await using NpgsqlCommand delete = _source.CreateCommand(
            "delete from attend_membership where cluster = @cluster and status = @dead and alive < @before");
        delete.Parameters.AddWithValue("cluster", cluster);
        delete.Parameters.AddWithValue("dead", (int)SiloStatus.Dead);
        delete.Parameters.AddWithValue("before", beforeDate.UtcDateTime);
        await delete.ExecuteNonQueryAsync();
    }

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return ReadAsync("and silo = @silo", key);
    }

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadAll() => ReadAsync("", null);

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return ChangeAsync(
            $"insert into attend_membership (cluster, {Columns}) values " +
            "(@cluster, @silo, 0, @status, @host, @name, @gateway, @started, @alive, @suspects) on conflict do nothing",
            entry, null, tableVersion);
    }

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return ChangeAsync(
            "update attend_membership set etag = etag + 1, status = @status, host = @host, name = @name, " +
            "gateway_port = @gateway, started = @started, alive = @alive, suspects = @suspects " +
            "where cluster = @cluster and silo = @silo and etag = @etag",
            entry, int.Parse(etag, CultureInfo.InvariantCulture), tableVersion);
    }

    /// <inheritdoc/>
    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await using NpgsqlCommand update = _source.CreateCommand(
            "update attend_membership set alive = @alive where cluster = @cluster and silo = @silo");
        update.Parameters.AddWithValue("alive", Utc(entry.IAmAliveTime));
        update.Parameters.AddWithValue("cluster", cluster);
        update.Parameters.AddWithValue("silo", entry.SiloAddress.ToParsableString());
        await update.ExecuteNonQueryAsync();
    }

    private async Task<MembershipTableData> ReadAsync(string condition, SiloAddress? silo)
    {
        await using NpgsqlConnection open = await _source.OpenConnectionAsync();
        // One snapshot for both tables, or the entries would not belong to the version.
        await using NpgsqlTransaction transaction = await open.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var entries = new List<Tuple<MembershipEntry, string>>();
        await using (var read = new NpgsqlCommand($"select {Columns} from attend_membership where cluster = @cluster {condition}", open, transaction))
        {
            read.Parameters.AddWithValue("cluster", cluster);
            if (silo is not null)
                read.Parameters.AddWithValue("silo", silo.ToParsableString());
            await using NpgsqlDataReader rows = await read.ExecuteReaderAsync();
            while (await rows.ReadAsync())
                entries.Add(Tuple.Create(Entry(rows), rows.GetInt32(1).ToString(CultureInfo.InvariantCulture)));
        }
        await using var version = new NpgsqlCommand("select version from attend_membership_version where cluster = @cluster", open, transaction);
        version.Parameters.AddWithValue("cluster", cluster);
        int number = await version.ExecuteScalarAsync() is int found ? found : 0;
        return new MembershipTableData(entries, new TableVersion(number, number.ToString(CultureInfo.InvariantCulture)));
    }

    private async Task<bool> ChangeAsync(string sql, MembershipEntry entry, int? etag, TableVersion version)
    {
        await using NpgsqlConnection open = await _source.OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await open.BeginTransactionAsync();
        await using var raise = new NpgsqlCommand(
            "update attend_membership_version set version = @new where cluster = @cluster and version = @old", open, transaction);
        raise.Parameters.AddWithValue("new", version.Version);
        raise.Parameters.AddWithValue("old", int.Parse(version.VersionEtag, CultureInfo.InvariantCulture));
        raise.Parameters.AddWithValue("cluster", cluster);
        if (await raise.ExecuteNonQueryAsync() != 1)
            return false;
        await using var change = new NpgsqlCommand(sql, open, transaction);
        change.Parameters.AddWithValue("cluster", cluster);
        change.Parameters.AddWithValue("silo", entry.SiloAddress.ToParsableString());
        change.Parameters.AddWithValue("status", (int)entry.Status);
        change.Parameters.AddWithValue("host", entry.HostName ?? "");
        change.Parameters.AddWithValue("name", entry.SiloName ?? "");
        change.Parameters.AddWithValue("gateway", entry.ProxyPort);
        change.Parameters.AddWithValue("started", Utc(entry.StartTime));
        change.Parameters.AddWithValue("alive", Utc(entry.IAmAliveTime));
        change.Parameters.AddWithValue("suspects", SuspectText.Write(entry.SuspectTimes));
        if (etag is { } known)
            change.Parameters.AddWithValue("etag", known);
        if (await change.ExecuteNonQueryAsync() != 1)
            return false;
        await transaction.CommitAsync();
        return true;
    }

    private static MembershipEntry Entry(NpgsqlDataReader row) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.GetString(0)),
        Status = (SiloStatus)row.GetInt32(2),
        HostName = row.GetString(3),
        SiloName = row.GetString(4),
        ProxyPort = row.GetInt32(5),
        StartTime = row.GetDateTime(6),
        IAmAliveTime = row.GetDateTime(7),
        SuspectTimes = SuspectText.Read(row.GetString(8)),
    };

    private static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
