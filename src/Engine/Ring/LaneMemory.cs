using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Engine.Ring;

/// <summary>A lane's queries and states, in one piece of native memory.</summary>
internal sealed unsafe class LaneMemory : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly Part[] _parts;
    private readonly int _group;

    private LaneMemory(NativeBuffer buffer, Part[] parts, int group) => (_buffer, _parts, _group) = (buffer, parts, group);

    /// <summary>Takes memory, makes the queries ready, and resets the states.</summary>
    public static LaneMemory Take(LaneContext context, int batch, int keyHead, LaneRows[] rows)
    {
        LaneStates states = context.States;
        JobPlan plan = context.Plan;
        int group = plan.Shape.Group;
        var offsets = new (nuint Queries, nuint State, nuint Statistics)[rows.Length * group];
        nuint bytes = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            int count = rows[i / group].Rows.Count;
            offsets[i].Queries = bytes;
            offsets[i].State = bytes + NativeBuffer.Aligned(states.QueryBytes(count));
            offsets[i].Statistics = offsets[i].State + NativeBuffer.Aligned(states.StateFloats(count) * sizeof(float));
            bytes = offsets[i].Statistics + NativeBuffer.Aligned((nuint)StatisticsOf(plan, count) * sizeof(double));
        }
        var buffer = new NativeBuffer(bytes);
        var parts = new Part[offsets.Length];
        NativeBuffer? prepared = null;
        for (int i = 0; i < parts.Length; i++)
        {
            LaneRows of = rows[i / group];
            int queryHead = keyHead * group + i % group;
            TensorRows source = context.Queries.Slice(batch, queryHead, of.Rows);
            if (plan.Rows.Queries is { } preparation)
            {
                prepared ??= new NativeBuffer((nuint)plan.QueryGrid.SpanRows * (nuint)plan.ScoreDim * sizeof(float));
                source = preparation.Prepare(source, batch, queryHead, of.Rows.Start, prepared.Floats);
            }
            parts[i] = new Part(
                (nint)(buffer.Pointer + offsets[i].Queries), (nint)(buffer.Pointer + offsets[i].State), (nint)(buffer.Pointer + offsets[i].Statistics),
                checked((int)states.StateFloats(of.Rows.Count)), StatisticsOf(plan, of.Rows.Count));
            parts[i].StatisticsNumbers.Clear();
            states.Begin(source, queryHead, parts[i]);
        }
        prepared?.Dispose();
        return new LaneMemory(buffer, parts, group);
    }

    /// <summary>Row group <paramref name="index"/> for one query head of the group.</summary>
    public Part Of(int index, int member) => _parts[index * _group + member];

    /// <summary>All numbers of the state at <paramref name="index"/> (row group · heads of a group + head).</summary>
    public Span<float> StateNumbers(int index) => new(_parts[index].State, _parts[index].Floats);

    /// <summary>All sums of statistics of the state at <paramref name="index"/>; empty where the job asks for none.</summary>
    public Span<double> StatisticsNumbers(int index) => _parts[index].StatisticsNumbers;

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static int StatisticsOf(JobPlan plan, int rows) => plan.Statistics is null ? 0 : rows * RowStatistics.SumsPerRow;

    /// <summary>Queries, state and statistics of some rows of one head.</summary>
    internal readonly record struct Part(nint QueryAddress, nint StateAddress, nint StatisticsAddress, int Floats, int Doubles)
    {
        public byte* Queries => (byte*)QueryAddress;

        public float* State => (float*)StateAddress;

        /// <summary>Sums of the rows' statistics; none where the job asks for none.</summary>
        public double* Statistics => (double*)StatisticsAddress;

        public Span<double> StatisticsNumbers => new(Statistics, Doubles);
    }
}
