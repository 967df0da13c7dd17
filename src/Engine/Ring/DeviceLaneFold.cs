using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.States;

namespace Distributed.Engine.Ring;

/// <summary>What a lane folds of one tile, written down for a device.</summary>
/// <param name="context">What lanes share.</param>
/// <param name="memory">The lane's states.</param>
/// <param name="rows">The lane's row groups.</param>
/// <param name="batch">The lane's batch entry.</param>
/// <param name="keyHead">The lane's key head.</param>
internal sealed unsafe class DeviceLaneFold(LaneContext context, LaneMemory memory, LaneRows[] rows, int batch, int keyHead) : IDisposable
{
    private readonly JobPlan _plan = context.Plan;
    private readonly List<DeviceStep>[] _steps = [.. Enumerable.Range(0, rows.Length * context.Plan.Shape.Group).Select(_ => new List<DeviceStep>())];
    private readonly Dictionary<int, DeviceSpan> _spans = [];
    private readonly List<NativeBuffer> _prepared = [];
    private NativeBuffer? _preparedKeys;

    /// <summary>Estimated cost of what was written down, as the plan counts it.</summary>
    public double Cost { get; private set; }

    /// <summary>Tiles that a mask hides some of.</summary>
    public int Partial { get; private set; }

    /// <summary>Tiles that no mask hides any of.</summary>
    public int Full { get; private set; }

    /// <summary>A row group folds a key span, in each head that sees some of it.</summary>
    public void Add(int index, int keySpan, IKeyValueTile tile, ComputeScratch scratch)
    {
        for (int member = 0; member < _plan.Shape.Group; member++)
        {
            var rectangle = new MaskTile(batch, keyHead * _plan.Shape.Group + member, rows[index].Rows, _plan.KeyGrid[keySpan]);
            TileClass seen = _plan.Masks.Classify(rectangle);
            if (seen == TileClass.Skip)
                continue;
            BiasTile bias = _plan.Scores.HasStage ? _plan.Scores.StageFor(rectangle, scratch.Distances(rectangle.Queries.Count)).Bias : default;
            _steps[index * _plan.Shape.Group + member].Add(new DeviceStep(SpanOf(keySpan, tile), rectangle, seen == TileClass.Partial, bias));
            bool partial = seen == TileClass.Partial;
            Cost += (double)rectangle.Queries.Count * rectangle.Keys.Count * (partial ? 0.5 : 1);
            Partial += partial ? 1 : 0;
            Full += partial ? 0 : 1;
        }
    }

    /// <summary>All that was added.</summary>
    public DeviceFold Make(ComputeScratch scratch) => new(
        [.. from i in Enumerable.Range(0, _steps.Length) where _steps[i].Count > 0 select Unit(i, scratch)], _plan.Masks);

    /// <inheritdoc/>
    public void Dispose()
    {
        _prepared.ForEach(buffer => buffer.Dispose());
        _preparedKeys?.Dispose();
    }

    private DeviceUnit Unit(int i, ComputeScratch scratch)
    {
        int index = i / _plan.Shape.Group, member = i % _plan.Shape.Group, head = keyHead * _plan.Shape.Group + member;
        TensorRows queries = context.Queries.Slice(batch, head, rows[index].Rows);
        if (_plan.Rows.Queries is { } preparation)
        {
            var buffer = new NativeBuffer((nuint)queries.Count * (nuint)queries.Dim * sizeof(float));
            _prepared.Add(buffer);
            queries = preparation.Prepare(queries, batch, head, rows[index].Rows.Start, buffer.Floats);
        }
        ScoreStage? stage = _plan.Scores.HasStage ? _plan.Scores.StageFor(_steps[i][0].Tile, scratch.Distances(queries.Count)) : null;
        return new DeviceUnit
        {
            Queries = queries,
            State = AttentionState.At(memory.Of(index, member).State, queries.Count, _plan.Shape.ValueDim),
            Steps = _steps[i],
            Stage = stage,
            Positions = stage is { Slope: not 0 } or { Relative: not null } ? _plan.Scores.PositionsOf(_steps[i][0].Tile) : null,
        };
    }

    private DeviceSpan SpanOf(int keySpan, IKeyValueTile tile)
    {
        if (_spans.TryGetValue(keySpan, out DeviceSpan? span))
            return span;
        return _spans[keySpan] = new DeviceSpan(batch, keyHead, keySpan, () => Keys(keySpan, tile), () => tile.Values(batch, keyHead, keySpan));
    }

    private TensorRows Keys(int keySpan, IKeyValueTile tile)
    {
        TensorRows keys = tile.Keys(batch, keyHead, keySpan);
        if (_plan.Rows.Keys is not { } preparation)
            return keys;
        _preparedKeys ??= new NativeBuffer((nuint)_plan.KeyGrid.SpanRows * (nuint)keys.Dim * sizeof(float));
        return preparation.Prepare(keys, batch, keyHead, _plan.KeyGrid[keySpan].Start, _preparedKeys.Floats);
    }
}
