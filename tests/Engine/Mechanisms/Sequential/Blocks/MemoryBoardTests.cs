using System.Runtime.Versioning;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Files;

namespace Distributed.Engine.Tests.Mechanisms.Sequential.Blocks;

/// <summary>Memories in a folder: there whole or not at all, for all who see the folder.</summary>
public sealed class MemoryBoardTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly JobPlan Plan = JobPlan.Create(
        new AttentionShape(2, 4, 2, 100, 100, 5, 3),
        new AttentionOptions { Mechanism = new Mechanism { Kind = MechanismKind.Linear }, SpanRows = 10, Blocks = 4 });

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_memory_is_read_back_as_it_was_written_and_others_are_not_there()
    {
        using MemoryBoard writer = Board(), reader = Board();
        float[] memory = Numbers(writer, 1), found = new float[writer.Floats];
        Assert.False(reader.Has(2, 3));
        writer.Write(2, 3, memory);

        Assert.True(reader.TryRead(2, 3, found));
        Assert.Equal(memory, found);
        Assert.False(reader.Has(2, 2));
        Assert.False(reader.Has(1, 3));
        writer.Write(2, 0, Numbers(writer, 2));
        writer.Flush(2);
        Assert.True(reader.Has(2, 0) && reader.Has(2, 3) && !reader.Has(2, 1));
    }

    [Fact]
    public void A_memory_of_another_job_is_not_taken()
    {
        using MemoryBoard writer = Board(), other = Board(1);
        writer.Write(0, 0, Numbers(writer, 1));
        Assert.False(other.Has(0, 0));
    }

    [Fact]
    public async Task Who_waits_is_told_what_another_process_writes()
    {
        using MemoryBoard writer = Board(), reader = Board();
        Task first = reader.WaitAsync(0, 1, CancellationToken.None), second = reader.WaitAsync(3, 0, CancellationToken.None);
        Task own = writer.WaitAsync(0, 1, CancellationToken.None);
        writer.Write(0, 1, Numbers(writer, 1));
        await Task.WhenAll(first, own).WaitAsync(Patience);
        Assert.False(second.IsCompleted);
        writer.Write(3, 0, Numbers(writer, 2));
        await second.WaitAsync(Patience);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Who_waits_for_a_memory_that_may_not_be_read_is_told()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "this user may read every file");
        using MemoryBoard board = Board();
        board.Write(1, 0, Numbers(board, 1));
        File.SetUnixFileMode(_folder.File("1"), UnixFileMode.None);
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => board.WaitAsync(1, 0, CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_damaged_memory_is_never_read_and_at_last_told_of()
    {
        using MemoryBoard board = Board();
        board.Write(1, 0, Numbers(board, 1));
        byte[] bytes = await File.ReadAllBytesAsync(_folder.File("1"));
        bytes[40] ^= 1;
        await File.WriteAllBytesAsync(_folder.File("1"), bytes);

        Assert.False(board.TryRead(1, 0, new float[board.Floats]));
        IOException damaged = await Assert.ThrowsAsync<IOException>(() => board.WaitAsync(1, 0, CancellationToken.None).WaitAsync(Patience));
        Assert.Contains("The memory behind block 1", damaged.Message, StringComparison.Ordinal);

        board.Write(1, 0, Numbers(board, 1));
        Assert.True(board.Has(1, 0));
    }

    private static float[] Numbers(MemoryBoard board, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, board.Floats).Select(_ => random.NextSingle())];
    }

    private MemoryBoard Board(byte key = 0) => new(_folder.Path, Enumerable.Repeat(key, 32).ToArray(), Plan);
}
