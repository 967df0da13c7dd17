using Distributed.Engine.Timelines;

namespace Distributed.Grains.Blocks;

/// <summary>How a <see cref="TimelineView"/> travels between silos.</summary>
[GenerateSerializer, Immutable]
internal struct TimelineSurrogate
{
    [Id(0)]
    public double SlotSeconds;

    [Id(1)]
    public int[] Computing;

    [Id(2)]
    public int[] Waiting;

    [Id(3)]
    public int[] Saving;
}

/// <inheritdoc/>
[RegisterConverter]
internal sealed class TimelineConverter : IConverter<TimelineView, TimelineSurrogate>
{
    public TimelineView ConvertFromSurrogate(in TimelineSurrogate surrogate) =>
        new(surrogate.SlotSeconds, surrogate.Computing, surrogate.Waiting, surrogate.Saving);

    public TimelineSurrogate ConvertToSurrogate(in TimelineView value) => new()
    {
        SlotSeconds = value.SlotSeconds,
        Computing = value.Computing,
        Waiting = value.Waiting,
        Saving = value.Saving,
    };
}
