using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Engine.Tests.Files;
using Distributed.Engine.Tests.Jobs;
using Distributed.Engine.Tests.Reference;
using Distributed.Kernels.Linear;

namespace Distributed.Engine.Tests.Mechanisms.Sequential.Blocks;

/// <summary>Linear attention and the delta rule in blocks, of which each knows the others' memories alone.</summary>
public sealed class SequentialBlockTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 30)];

    public void Dispose() => _folder.Dispose();

    /// <summary>Blocks are shared out among two processes, here two runs that share a folder alone.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Blocks_and_processes_change_no_bit(int seed)
    {
        (Problem problem, AttentionOptions options) = Random(seed);
        MemorySink expected = await problem.RunAsync(options);
        foreach (int blocks in new[] { 1, 2, 3, 7, 20 })
        {
            string what = $"{blocks} blocks, {problem.Shape}, {options}";
            string folder = Directory.CreateDirectory(_folder.File($"{blocks}")).FullName;
            var sink = new MemorySink(problem.Shape);
            double done = await problem.WithInput(async input =>
            {
                JobPlan plan = JobPlan.Create(input, options with { Blocks = blocks });
                using var pool = new ComputePool(2);
                using SequentialRun one = Run(plan, input, folder), other = Run(plan, input, folder);
                SequentialBlock[] all = [.. plan.Blocks.Select(block => (block.Index % 3 == 0 ? other : one).Block(block.Index, sink))];
                await Task.WhenAll(all.Reverse().Select(block => block.RunAsync(pool, CancellationToken.None))).WaitAsync(Patience);
                double cost = plan.Cost * plan.Shape.Batch * plan.Shape.QueryHeads;
                return cost == 0 ? 1 : all.Sum(block => block.CostDone) / cost;
            });

            Compare.SameBits(expected.Output, sink.Output, $"output with {what}");
            Compare.SameBits(expected.LogSumExp, sink.LogSumExp, $"LSE with {what}");
            Assert.True(Math.Abs(done - 1) < 1e-9, $"{done:p2} were counted as done with {what}.");
        }
    }

    /// <summary>Whoever comes later finds the memories of the lost, and computes the rows of its own block alone.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task What_a_lost_process_has_given_is_not_made_again(int seed)
    {
        (Problem problem, AttentionOptions options) = Random(seed, causal: true);
        MemorySink expected = await problem.RunAsync(options);
        var sink = new MemorySink(problem.Shape);
        await problem.WithInput(async input =>
        {
            JobPlan plan = JobPlan.Create(input, options with { Blocks = 5 });
            using var pool = new ComputePool(2);
            using (SequentialRun lost = Run(plan, input, _folder.Path))
            {
                foreach (PlannedBlock block in plan.Blocks)
                    await lost.Block(block.Index, new MemorySink(problem.Shape)).RunAsync(pool, CancellationToken.None);
            }
            string[] before = [.. Directory.GetFiles(_folder.Path).Order()];
            Assert.Equal(plan.Blocks.Count, before.Length);

            // The last block alone needs nobody any more.
            using SequentialRun run = Run(plan, input, _folder.Path);
            await run.Block(plan.Blocks.Count - 1, sink).RunAsync(pool, CancellationToken.None).WaitAsync(Patience);
            foreach (PlannedBlock block in plan.Blocks.SkipLast(1))
                await run.Block(block.Index, sink).RunAsync(pool, CancellationToken.None).WaitAsync(Patience);
            return true;
        });

        Compare.SameBits(expected.Output, sink.Output, "output of what was gone on with");
    }

    [Fact]
    public async Task A_block_that_waits_for_a_lost_one_goes_on_when_that_is_computed_again()
    {
        (Problem problem, AttentionOptions options) = Random(2, causal: true);
        MemorySink expected = await problem.RunAsync(options);
        var sink = new MemorySink(problem.Shape);
        await problem.WithInput(async input =>
        {
            JobPlan plan = JobPlan.Create(input, options with { Blocks = 3 });
            using var pool = new ComputePool(1);
            using SequentialRun run = Run(plan, input, _folder.Path), other = Run(plan, input, _folder.Path);
            Task waits = run.Block(2, sink).RunAsync(pool, CancellationToken.None), stays = run.Block(1, sink).RunAsync(pool, CancellationToken.None);
            Assert.False(waits.IsCompleted || stays.IsCompleted, "A block ended without the memory before it.");
            using (var stop = new CancellationTokenSource())
            {
                await stop.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Block(0, sink).RunAsync(pool, stop.Token));
            }

            await other.Block(0, sink).RunAsync(pool, CancellationToken.None).WaitAsync(Patience);
            await Task.WhenAll(waits, stays).WaitAsync(Patience);
            return true;
        });

        Compare.SameBits(expected.Output, sink.Output, "output");
    }

    private static SequentialRun Run(JobPlan plan, AttentionInput input, string folder) =>
        new(plan, input, new MemoryBoard(folder, new byte[32], plan), threads: 1);

    private static (Problem Problem, AttentionOptions Options) Random(int seed, bool causal = false)
    {
        var random = new Random(900 + seed);
        AttentionShape shape = causal
            ? new AttentionShape(2, 4, 2, 300, 300, 9, 17) : Problem.RandomShapeWithPast(random, 300);
        AttentionOptions options = causal
            ? new AttentionOptions { Causal = CausalAlignment.TopLeft, SpanRows = 30 } : Problem.RandomOptions(random, random.Next(1, 100), shape);
        options = seed % 2 == 0 ? LinearAttentionTests.Linear(random, options) : LinearAttentionTests.Delta(random, options, (FeatureMap)(seed / 2 % 3));
        return (new Problem(shape, seed)
        {
            Tensors = seed % 2 == 0 && !causal ? RandomTensors.MaskAlone(shape, random)
                : seed % 2 == 0 ? null : RandomTensors.RatesAlone(shape, random),
        }, options);
    }
}
