using System.Text.Json;
using Distributed.Silo.Http;

namespace Distributed.Silo.Jobs;

/// <summary>A job at one moment, as typed values and as the JSON that every caller gets: written once, however many ask.</summary>
public sealed class JobSnapshot
{
    private readonly Lazy<JobStatus> _status;
    private readonly Lazy<byte[]> _json;

    /// <summary>Of values.</summary>
    public JobSnapshot(JobStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        _status = new Lazy<JobStatus>(status);
        _json = new Lazy<byte[]>(() => JsonSerializer.SerializeToUtf8Bytes(status, ApiJson.Options));
    }

    /// <summary>Of JSON that another silo has written.</summary>
    public JobSnapshot(byte[] json)
    {
        _json = new Lazy<byte[]>(json);
        _status = new Lazy<JobStatus>(() => JsonSerializer.Deserialize<JobStatus>(json, ApiJson.Options)!);
    }

    /// <summary>The job.</summary>
    public JobStatus Status => _status.Value;

    /// <summary>The same as JSON.</summary>
    public byte[] Json => _json.Value;
}
