using Distributed.Engine.Plan;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Engine.Ring;

/// <summary>A lane's packed queries and states, in one piece of native memory.</summary>
internal sealed unsafe class LaneMemory : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly PackedQueries[] _queries;
    private readonly AttentionState[] _states;
    private readonly nuint[]? _statistics;
    private readonly int _group;

    private LaneMemory(NativeBuffer buffer, PackedQueries[] queries, AttentionState[] states, nuint[]? statistics, int group)
    {
        _buffer = buffer;
        _queries = queries;
        _states = states;
        _statistics = statistics;
        _group = group;
    }

    /// <summary>Takes memory, packs the queries, and resets the states.</summary>
    public static LaneMemory Take(LaneContext context, int batch, int keyHead, LaneRows[] rows)
    {
        CpuKernel kernel = context.Kernel;
        JobPlan plan = context.Plan;
        int group = plan.Shape.Group;
        var queryOffsets = new nuint[rows.Length * group];
        var stateOffsets = new nuint[rows.Length * group];
        nuint[]? statistics = plan.Statistics is null ? null : new nuint[rows.Length * group];
        nuint bytes = 0;
        for (int i = 0; i < queryOffsets.Length; i++)
        {
            int count = rows[i / group].Rows.Count;
            queryOffsets[i] = bytes;
            bytes += Aligned(kernel.QueryBytes(count, plan.Shape.KeyDim));
            stateOffsets[i] = bytes;
            bytes += Aligned(AttentionState.FloatsFor(count, plan.Shape.ValueDim) * sizeof(float));
            if (statistics is null)
                continue;
            statistics[i] = bytes;
            bytes += Aligned((nuint)(count * RowStatistics.SumsPerRow) * sizeof(double));
        }
        var buffer = new NativeBuffer(bytes);
        var queries = new PackedQueries[queryOffsets.Length];
        var states = new AttentionState[stateOffsets.Length];
        NativeBuffer? prepared = null;
        for (int i = 0; i < queries.Length; i++)
        {
            LaneRows of = rows[i / group];
            TensorRows source = context.Queries.Slice(batch, keyHead * group + i % group, of.Rows);
            if (plan.Rows.Queries is { } preparation)
            {
                prepared ??= new NativeBuffer((nuint)plan.QueryGrid.SpanRows * (nuint)plan.Shape.KeyDim * sizeof(float));
                source = preparation.Prepare(source, batch, keyHead * group + i % group, of.Rows.Start, prepared.Floats);
            }
            queries[i] = kernel.PackQueries(source, context.Scale, buffer.Pointer + queryOffsets[i]);
            states[i] = AttentionState.At(
                (float*)(buffer.Pointer + stateOffsets[i]), of.Rows.Count, plan.Shape.ValueDim);
            states[i].Reset();
        }
        prepared?.Dispose();
        var memory = new LaneMemory(buffer, queries, states, statistics, group);
        for (int i = 0; statistics is not null && i < states.Length; i++)
            memory.StatisticsNumbers(i).Clear();
        return memory;
    }

    /// <summary>Packed queries of row group <paramref name="index"/> for one query head of the group.</summary>
    public PackedQueries Queries(int index, int member) => _queries[index * _group + member];

    /// <summary>State of row group <paramref name="index"/> for one query head of the group.</summary>
    public AttentionState State(int index, int member) => _states[index * _group + member];

    /// <summary>All numbers of the state at <paramref name="index"/> (row group · heads of a group + head): O, m, l.</summary>
    public Span<float> StateNumbers(int index) => new(
        _states[index].Output, checked((int)AttentionState.FloatsFor(_states[index].Rows, _states[index].ValueDim)));

    /// <summary>All sums of statistics of the state at <paramref name="index"/>; empty where the job asks for none.</summary>
    public Span<double> StatisticsNumbers(int index) => _statistics is null
        ? []
        : new(_buffer.Pointer + _statistics[index], _states[index].Rows * RowStatistics.SumsPerRow);

    /// <summary>Where the sums of statistics of a row group begin, for one query head of the group.</summary>
    public double* Statistics(int index, int member) => (double*)(_buffer.Pointer + _statistics![index * _group + member]);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static nuint Aligned(nuint bytes) => (bytes + NativeBuffer.Alignment - 1) & ~(nuint)(NativeBuffer.Alignment - 1);
}
